select
    key as label,
    sum(n_undecided)::bigint as n_undecided,
    sum(n_objects)::bigint as n_objects,
    array_to_string(
        list_slice(list(value order by n_undecided desc, value asc), 1, 3), ', '
    ) as example
from coverage_undecided
group by key
order by n_undecided desc, key asc
limit getvariable('most')
