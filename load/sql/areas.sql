-- Grain: one tagged closed way that is an area; its ring is unsound where it crosses or
-- touches itself. Of the rules for a tag, the one that names its value decides before the
-- one with `*`; one deciding tag that says area is enough, `area=yes` or `no` before all.
create table areas as
with
ring_tags as (
    select
        osm_id,
        unnest(map_keys(tags)) as key,
        unnest(map_values(tags)) as value
    from elements
    where osm_type = 'way' and is_closed
),

decided as (
    select
        ring_tags.osm_id,
        ring_tags.key,
        arg_max(area_rules.is_area, area_rules.value <> '*') as is_area
    from ring_tags
    inner join area_rules
        on ring_tags.key = area_rules.key and area_rules.value in (ring_tags.value, '*')
    group by all
),

said as (
    select
        osm_id,
        tags['area'] as area
    from elements
    where osm_type = 'way' and is_closed and tags['area'] in ('yes', 'no')
),

ruled as (
    select
        osm_id,
        coalesce(any_value(said.area) = 'yes', bool_or(decided.is_area)) as is_area
    from decided
    full join said using (osm_id)
    group by osm_id
)

select
    drawn.osm_id as way_id,
    not st_isvalid(st_makepolygon(drawn.line)) as is_unsound
from drawn
inner join ruled on drawn.osm_id = ruled.osm_id
where drawn.osm_type = 'way' and ruled.is_area and st_npoints(drawn.line) >= 4
