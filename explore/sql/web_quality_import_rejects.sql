select
    dataset as source,
    reason,
    count(*) as n,
    min(coalesce(image_name, concat(file, ':', line)), 3) as examples
from import_rejects
group by dataset, reason
order by dataset asc, n desc, reason asc
