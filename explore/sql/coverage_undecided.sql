-- Distinct tags with objects for which neither a rule nor the classifier decides them.
with decided as (
    select
        key,
        value,
        count(*) as n
    from object_tags
    group by key, value
)

select
    tags.key,
    tags.value,
    tags.n_objects - coalesce(decided.n, 0) as n_undecided,
    tags.n_objects,
    tags.example_object_id as example
from tags
left join decided on tags.key = decided.key and tags.value = decided.value
where tags.n_objects > coalesce(decided.n, 0)
