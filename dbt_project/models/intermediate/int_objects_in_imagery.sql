{{ config(tags=['shard']) }}

-- Focus candidates: every object that some image of a source touches; of a shard, those
-- whose extent has its centre in the shard's tiles.
with objects as (
    select
        object_id,
        kind,
        length_m,
        osm_timestamp,
        geometry
    from {{ ref('objects') }}
),

shapes as (
    select * from {{ ref('int_imagery_shapes') }}
),

touching as (
    select
        objects.object_id,
        shapes.source,
        min(list_min([
            abs(date_diff('day', objects.osm_timestamp::date, day)) -- noqa: RF02
            for day in shapes.acquired_days
        ])) as edit_age_days
    from objects
    inner join shapes
        on st_intersects_extent(objects.geometry, shapes.geometry)
    where
        st_intersects(objects.geometry, shapes.geometry)
        and {{ owned('objects.geometry') }}
    group by objects.object_id, shapes.source
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
    sources.gsd_m,
    touching.edit_age_days
from touching
inner join objects on touching.object_id = objects.object_id
inner join {{ ref('sources') }} as sources on touching.source = sources.source
