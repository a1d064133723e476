select
    rule_id,
    count(*) filter (where change = 'added') as n_added,
    count(*) filter (where change = 'lost') as n_lost,
    count(*) filter (where change = 'changed') as n_changed
from changed_words
group by rule_id
order by count(*) desc, rule_id asc
