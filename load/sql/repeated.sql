-- Elements that the file holds more than once: a history, or extracts glued together.
with
tagged as (
    select
        kind,
        id
    from elements
    where tags is not null
    group by all
    having count(*) > 1
),

-- A repeated node shows as a way with more places than nodes.
crowded as (
    select
        'way' as kind,
        way_id as id
    from paths
    where n_found > n_nodes
)

select
    kind::varchar as kind,
    id
from tagged
union all
from crowded
order by all
limit 1
