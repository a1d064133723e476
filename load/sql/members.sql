-- Grain: one way in one relation that describes an area. Node members are labels, relation
-- members are parts with areas of their own; a way listed twice is meant once.
create table members as
with
area_relations as (
    select
        id,
        refs,
        ref_types
    from elements
    where kind = 'relation' and tags['type'] in ('multipolygon', 'boundary')
),

unnested as (
    select
        id as relation_id,
        unnest(refs) as way_id,
        unnest(ref_types) as member_type
    from area_relations
)

select distinct
    relation_id,
    way_id
from unnested
where member_type = 'way'
