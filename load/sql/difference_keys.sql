-- The ten keys that most retagged objects differ in.
with
edits as (
    select
        tags_before,
        tags_after,
        unnest(keys_changed) as key
    from changes
    where change = 'retagged'
)

select
    key,
    count(*) filter (where tags_before[key] is null) as n_set,
    count(*) filter (where tags_after[key] is null) as n_dropped,
    count(*) filter (where tags_before[key] <> tags_after[key]) as n_altered
from edits
group by key
order by count(*) desc, key
limit 10
