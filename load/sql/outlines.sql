-- The edges of one range of areas. An edge that two rings share lies inside the area, or
-- outside it: a pair cancels out, as in libosmium's assembler. That makes holes that touch
-- one hole and outers that touch one outer; roles are not needed.
insert into outlines
with
steps as (
    select
        parts.osm_type,
        parts.osm_id,
        unnest(paths.places[1:-2]) as p,
        unnest(paths.places[2:]) as q
    from parts
    inner join paths on parts.way_id = paths.way_id
    where parts.osm_id between $first and $last
),

edges as (
    select
        osm_type,
        osm_id,
        if(p < q, p, q) as a,
        if(p < q, q, p) as b
    from steps
    where p <> q
    group by all
    having count(*) % 2 = 1
),

ends as (
    select
        osm_type,
        osm_id,
        unnest([a, b]) as place
    from edges
),

-- Rings close if and only if an even number of edges meets at every place.
odd_ends as (
    select
        osm_type,
        osm_id,
        place
    from ends
    group by all
    having count(*) % 2 = 1
),

open_ends as (
    select
        osm_type,
        osm_id,
        count(*) as n_open
    from odd_ends
    group by all
),

gathered as (
    select
        osm_type,
        osm_id,
        list_sort(list({'a': a, 'b': b})) as segments
    from edges
    group by all
)

select
    gathered.osm_type,
    gathered.osm_id,
    coalesce(open_ends.n_open, 0) as n_open,
    gathered.segments
from gathered
left join open_ends
    on gathered.osm_type = open_ends.osm_type and gathered.osm_id = open_ends.osm_id
