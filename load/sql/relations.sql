-- Grain: one area relation, with how many of its ways are here with all their nodes.
create table relations as
with
counted as (
    select
        members.relation_id,
        count(*) as n_ways,
        count(*) filter (where drawn.n_missing = 0) as n_whole
    from members
    left join drawn on drawn.osm_type = 'way' and members.way_id = drawn.osm_id
    group by members.relation_id
)

select
    elements.osm_id as relation_id,
    coalesce(counted.n_ways, 0) as n_ways,
    coalesce(counted.n_whole, 0) as n_whole
from elements
left join counted on elements.osm_id = counted.relation_id
where
    elements.osm_type = 'relation'
    and elements.tags['type'] in ('multipolygon', 'boundary')
