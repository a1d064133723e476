-- Grain: one closed way that is an area. Of the rules for a tag, the one that names its
-- value decides before the one with `*`; one deciding tag that says area is enough.
create table area_ways as
with
rules as (
    select *
    from read_csv(
        $rules,
        header = true,
        columns = {
            'key': 'varchar', 'value': 'varchar', 'is_area': 'boolean', 'note': 'varchar'
        }
    )
),

rings as (
    select
        elements.id as way_id,
        elements.tags
    from elements
    inner join paths on elements.id = paths.way_id
    where elements.kind = 'way' and paths.is_ring and elements.tags is not null
),

ring_tags as (
    select
        way_id,
        tags['area'] as said,
        unnest(map_keys(tags)) as key,
        unnest(map_values(tags)) as value
    from rings
)

select ring_tags.way_id
from ring_tags
left join rules as exact on ring_tags.key = exact.key and ring_tags.value = exact.value
left join rules as broad on ring_tags.key = broad.key and broad.value = '*'
group by ring_tags.way_id
having
    coalesce(any_value(ring_tags.said), '') <> 'no'
    and (
        coalesce(any_value(ring_tags.said), '') = 'yes'
        or bool_or(coalesce(exact.is_area, broad.is_area, false))
    )
