select
    words as label,
    count(distinct scene_id) as n,
    count(distinct case when role = 'focus' then scene_id end) as n_focus
from rule_words
group by words
order by n desc, label asc
limit 12
