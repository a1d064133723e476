-- What else the rule's objects are tagged. The lift is how many times more often a tag
-- stands there than on all objects of the catalog.
with mine as (
    select distinct object_id
    from rule_objects
),

own_keys as (
    select distinct key
    from rule_objects
),

pairs as (
    select unnest(map_entries(objects.tags)) as tag
    from objects
    inner join mine on objects.object_id = mine.object_id
),

counted as (
    select
        tag.key as key,
        tag.value as value,
        count(*) as n
    from pairs
    where tag.key not in (select own_keys.key from own_keys)
    group by all
    -- A name that one of them has says nothing of the rule.
    having n > 1 or (select count(*) from mine) = 1
    order by n desc, key asc, value asc
    limit 15
)

select
    concat(counted.key, '=', counted.value) as label,
    counted.n,
    counted.n / (select count(*) from mine) as share,
    round(
        counted.n / (select count(*) from mine)
        / (tags.n_objects / (select count(*) from objects)),
        2
    ) as lift
from counted
inner join tags on counted.key = tags.key and counted.value = tags.value
order by counted.n desc, counted.key asc, counted.value asc
