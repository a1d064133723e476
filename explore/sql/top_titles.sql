select
    title as label,
    count(*) as n,
    count(*) as n_focus
from judged_captions
where title is not null
group by title
order by n desc, label asc
limit 10
