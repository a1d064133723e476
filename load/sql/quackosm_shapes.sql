-- Grain: one tagged node or way, or one area relation: as QuackOSM gave it, or the bare
-- fact that it did not. QuackOSM says of nothing why it left it out.
create table shapes as
with
-- Where nothing has tags, QuackOSM's file has no column for them.
features as (
    select
        null::varchar as feature_id,
        null::map (varchar, varchar) as tags,
        null::geometry as geometry
    where false
    union all by name
    select * replace (geometry::geometry as geometry)
    from read_parquet(getvariable('features'), hive_partitioning = false)
),

given as (
    select
        split_part(feature_id, '/', 1) as osm_type,
        split_part(feature_id, '/', 2)::bigint as osm_id,
        tags,
        geometry,
        st_geometrytype(geometry)::varchar as form
    from features
),

bounded as (
    select
        *,
        st_xmin(geometry) as west,
        st_ymin(geometry) as south,
        st_xmax(geometry) as east,
        st_ymax(geometry) as north,
        osm_type = 'relation'
        or form in ('POLYGON', 'MULTIPOLYGON', 'GEOMETRYCOLLECTION') as is_area
    from given
),

cleaned as (
    select
        *,
        case
            -- Its repair may leave lines and points beside the polygons: those go. The
            -- order of its unions is that of its threads: the normal form has none.
            when is_area then st_normalize(st_collectionextract(geometry, 3))
            when osm_type = 'node' or form = 'LINESTRING' then geometry
        end as polygons
    from bounded
),

shaped as (
    select
        * exclude (polygons),
        if(
            st_numgeometries(polygons) = 1, st_dump(polygons)[1].geom, polygons
        )::geometry as shape
    from cleaned
),

judged as (
    select
        osm_type,
        osm_id,
        case
            when osm_type = 'node' then 'point'
            when is_area then 'area'
            else 'line'
        end as kind,
        tags,
        shape as geometry,
        case
            when west < -180 or east > 180 or south < -90 or north > 90
                then 'outside the world'
            when form = 'POINT' and osm_type = 'way'
                then 'too few nodes'
            when shape is null or st_isempty(shape)
                then 'invalid and not repairable'
        end as reason,
        case
            when reason = 'outside the world' and osm_type = 'node'
                then format('longitude {}, latitude {}', west, south)
            when reason = 'outside the world'
                then format(
                    'longitude {} to {}, latitude {} to {}', west, east, south, north
                )
            when reason = 'too few nodes'
                then 'all nodes in one place'
            when reason is not null
                then format('QuackOSM gives a {}', form)
        end as detail
    from shaped
),

not_given as (
    select
        elements.kind::varchar as osm_type,
        elements.id as osm_id,
        case
            when elements.kind = 'node' then 'point'
            when elements.kind = 'way' then 'line'
            else 'area'
        end as kind,
        elements.tags,
        null::geometry as geometry,
        'not given by QuackOSM' as reason,
        null::varchar as detail
    from st_readosm(getvariable('file')) as elements
    anti join given
        on elements.kind::varchar = given.osm_type and elements.id = given.osm_id
    where
        elements.tags is not null
        and (
            elements.kind <> 'relation'
            or elements.tags['type'] in ('multipolygon', 'boundary')
        )
),

united as (
    from judged
    union all
    from not_given
),

sorted as (
    select
        *,
        list_sort(map_entries(tags)) as entries
    from united
)

select
    osm_type,
    osm_id,
    kind,
    -- A key that is there twice would make the map unreadable: the first value stays.
    map_from_entries(
        list_filter(
            entries, lambda entry, i: i = 1 or entry.key <> entries[i - 1].key
        )
    ) as tags,
    if(reason is null, geometry, null) as geometry,
    reason,
    detail,
    -- QuackOSM reads neither: null means unknown.
    null::integer as osm_version,
    null::timestamp as osm_timestamp
from sorted
