select
    selection as source,
    why_not as reason,
    count(*) as n,
    min(image_id, 3) as examples
from selections
where not kept
group by selection, why_not
order by selection asc, n desc, why_not asc
