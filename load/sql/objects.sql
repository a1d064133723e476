-- Grain: one tagged point, line or area of the snapshot.
create table objects as
with
points as (
    select
        'n' || elements.id as object_id,
        'node' as osm_type,
        elements.id as osm_id,
        'point' as kind,
        elements.tags,
        st_point(elements.lon, elements.lat)::geometry as geometry
    from elements
    where
        elements.kind = 'node'
        and elements.tags is not null
        and elements.lon between -180 and 180
        and elements.lat between -90 and 90
),

drawn as (
    select
        case
            when osm_type = 'relation' then 'r'
            when kind = 'area' then 'a'
            else 'w'
        end || osm_id as object_id,
        osm_type,
        osm_id,
        kind,
        tags,
        geometry
    from shapes
    where reason is null
),

united as (
    from points
    union all
    from drawn
),

bounded as (
    select
        *,
        -- The spheroid functions read latitude before longitude.
        if(kind = 'point', null, st_flipcoordinates(geometry)) as flipped,
        st_xmin(geometry) as west,
        st_ymin(geometry) as south,
        st_xmax(geometry) as east,
        st_ymax(geometry) as north
    from united
)

select
    object_id,
    osm_type,
    osm_id,
    kind,
    if(kind = 'area', st_area_spheroid(flipped), null) as area_m2,
    if(kind = 'line', st_length_spheroid(flipped), null) as length_m,
    -- st_readosm gives neither version nor time: null means unknown.
    null::integer as osm_version,
    null::timestamp as osm_timestamp,
    $region as region,
    $snapshot as snapshot,
    tags,
    -- Rounded outward: a box in single precision must not cut its object.
    {
        'xmin': if(west::float > west, nextafter(west::float, '-inf'::float), west::float),
        'ymin': if(south::float > south, nextafter(south::float, '-inf'::float), south::float),
        'xmax': if(east::float < east, nextafter(east::float, 'inf'::float), east::float),
        'ymax': if(north::float < north, nextafter(north::float, 'inf'::float), north::float)
    } as bbox,
    geometry
from bounded
