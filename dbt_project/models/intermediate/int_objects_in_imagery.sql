{{ config(tags=['shard']) }}

-- Focus candidates: every object that some image of a source touches.
with objects as (
    select
        object_id,
        kind,
        length_m,
        bbox,
        geometry
    from {{ ref('objects') }}
),

footprints as (
    select
        source,
        geometry
    from {{ ref('stg_lake__footprints') }}
),

touching as (
    select distinct
        objects.object_id,
        footprints.source
    from objects
    inner join footprints
        on st_intersects_extent(objects.geometry, footprints.geometry)
    where st_intersects(objects.geometry, footprints.geometry)
)

select
    touching.object_id,
    touching.source,
    objects.kind,
    objects.length_m,
    objects.geometry,
    st_xmin(objects.geometry) as west,
    st_ymin(objects.geometry) as south,
    st_xmax(objects.geometry) as east,
    st_ymax(objects.geometry) as north,
    sources.gsd_m
from touching
inner join objects on touching.object_id = objects.object_id
inner join {{ ref('sources') }} as sources on touching.source = sources.source
