select distinct
    source,
    country
from rule_scorecard
order by source asc, country asc nulls first
