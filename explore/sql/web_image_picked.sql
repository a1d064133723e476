-- One image as chips are drawn of it.
with one as (
    select *
    from images
    where image_id = getvariable('image')
),

-- What is asked for stands in each: else the views below read all the scenes there are.
placed as (
    select
        scene_id,
        kind,
        split
    from scenes
    where scene_id in (select one.scene_id from one)
),

focus as (
    select
        object_id,
        osm_type,
        osm_id,
        kind
    from objects
    where object_id in (select one.object_id from one)
),

said as (
    select
        scene_id,
        title,
        title_multi_objects
    from shown_captions
    where scene_id in (select one.scene_id from one)
)

select
    one.image_id,
    one.scene_id,
    one.object_id,
    one.source,
    one.filepath,
    one.west,
    one.south,
    one.east,
    one.north,
    one.crs,
    one.transform,
    one.width_px,
    one.height_px,
    one.gsd_x_m,
    one.gsd_y_m,
    one.acquired,
    one.acquired_precision,
    one.drawn,
    placed.split,
    focus.osm_type,
    focus.osm_id,
    case
        when focus.osm_type = 'relation' then 'relation'
        else coalesce(focus.kind, placed.kind, 'unknown')
    end as shape,
    said.title,
    said.title_multi_objects
from one
left join said on one.scene_id = said.scene_id
left join placed on one.scene_id = placed.scene_id
left join focus on one.object_id = focus.object_id
limit 1
