-- Grain: one tagged way as drawn, with the reason why it cannot be.
create table ways as
with
joined as (
    select
        elements.id as way_id,
        elements.tags,
        paths.* exclude (way_id),
        area_ways.way_id is not null as is_area,
        case
            when paths.n_found < paths.n_nodes then 'missing nodes'
            when paths.is_dot then 'too few nodes'
        end as reason
    from elements
    inner join paths on elements.id = paths.way_id
    left join area_ways on elements.id = area_ways.way_id
    where elements.kind = 'way' and elements.tags is not null
),

drawn as (
    select
        * exclude (places),
        if(reason is null, st_makeline(
            list_transform(places, lambda place: st_point(place.lon, place.lat))
        ), null) as line
    from joined
),

shaped as (
    select
        * exclude (line),
        if(is_area, st_makepolygon(line), line)::geometry as shape
    from drawn
)

select
    *,
    is_area and not st_isvalid(shape) as is_unsound
from shaped
