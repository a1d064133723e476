select
    split,
    count(*) as n
from scenes
group by split
order by n desc, split asc
