select
    '' as source,
    reason,
    count(*) as n,
    min(concat(osm_type, ' ', osm_id), 3) as examples
from rejects
group by reason
order by n desc, reason asc
