select
    source,
    reason,
    count(*) as n,
    min(object_id, 3) as examples
from scene_rejects
group by source, reason
order by source asc, n desc, reason asc
