select
    concat(key, '=', value) as label,
    n_objects as n,
    example_object_id as example
from tags
where decided_by is null
order by n_objects desc, key asc, value asc
limit 30
