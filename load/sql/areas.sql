-- Grain: one tagged closed way that is an area; its ring is unsound where it crosses or
-- touches itself. Of the rules for a tag, the one that names its value decides before the
-- one with `*`; one deciding tag that says area is enough, `area=yes` or `no` before all.
create table areas as
with
rules as (
    select *
    from read_csv(
        getvariable('rules'),
        header = true,
        columns = {
            'key': 'varchar', 'value': 'varchar', 'is_area': 'boolean', 'note': 'varchar'
        }
    )
),

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
        arg_max(rules.is_area, rules.value <> '*') as is_area
    from ring_tags
    inner join rules
        on ring_tags.key = rules.key and rules.value in (ring_tags.value, '*')
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
