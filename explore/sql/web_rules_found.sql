select
    count(*) as n_rows,
    count(distinct rule_id) as n_rules
from scorecard_ranked
where
    coalesce(standing = getvariable('standing'), getvariable('standing') is null)
    and contains(lower(concat_ws(' ', rule_id, matches, note)), getvariable('words'))
