-- Grain: one way in one relation that describes an area. Node members are labels, relation
-- members are parts with areas of their own; a way listed twice is meant once.
create table members as
with
unnested as (
    select
        osm_id as relation_id,
        unnest(refs) as way_id,
        unnest(ref_types) as member_type
    from elements
    where osm_type = 'relation' and tags['type'] in ('multipolygon', 'boundary')
)

select distinct
    relation_id,
    way_id
from unnested
where member_type = 'way'
