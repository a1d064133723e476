select
    what,
    how,
    count(*) as n,
    count(distinct duplicate_of) as n_groups
from duplicates
group by what, how
order by what asc, how asc
