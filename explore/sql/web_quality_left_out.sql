select
    selection as source,
    reason,
    count(*) as n,
    min(image_id, 3) as examples
from selections
where not kept
group by selection, reason
order by selection asc, n desc, reason asc
