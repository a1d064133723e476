-- Grain: one reason for rejects.
select
    reason,
    count(*) as n
from rejects
group by reason
order by n desc, reason
