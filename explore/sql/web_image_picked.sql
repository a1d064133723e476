-- One image as chips are drawn of it.
with one as (
    select *
    from images
    where image_id = getvariable('image')
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
    scenes.split,
    objects.osm_type,
    objects.osm_id,
    coalesce(focus_shapes.shape, 'unknown') as shape,
    shown_captions.title,
    shown_captions.title_multi_objects
from one
left join shown_captions on one.scene_id = shown_captions.scene_id
left join scenes on one.scene_id = scenes.scene_id
left join focus_shapes on one.scene_id = focus_shapes.scene_id
left join objects on one.object_id = objects.object_id
limit 1
