select
    concat(key, '=', value) as label,
    n_undecided,
    n_objects,
    example
from coverage_undecided
order by n_undecided desc, key asc, value asc
limit getvariable('most')
