select
    selection as name,
    count(*) as n
from selections
group by selection
order by selection
