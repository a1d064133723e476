select
    stratum,
    count(*) as n
from audit_units
group by stratum
order by stratum
