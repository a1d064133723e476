-- Grain: one way that an area is assembled from, with its line: of a complete relation, or
-- a closed way whose ring crosses or touches itself. Ways without a line add nothing. In
-- order of areas, so that a range of them reads few rows.
with
of_relations as (
    select
        'relation' as osm_type,
        members.relation_id as osm_id,
        members.way_id
    from members
    inner join relations on members.relation_id = relations.relation_id
    where relations.n_ways = relations.n_whole
),

of_rings as (
    select
        'way' as osm_type,
        way_id as osm_id,
        way_id
    from areas
    where is_unsound
),

united as (
    from of_relations
    union all
    from of_rings
)

select
    united.osm_type,
    united.osm_id,
    united.way_id,
    drawn.line
from united
inner join drawn on drawn.osm_type = 'way' and united.way_id = drawn.osm_id
where drawn.line is not null
order by united.osm_id, united.osm_type, united.way_id
