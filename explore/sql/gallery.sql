-- Shapes take turns; within a shape sources do, then keys, then titles: variety comes
-- before frequency, and within equals the md5 of the image id decides.
with candidates as (
    select images.*
    from images
    where
        images.image_id in (select training_pairs.image_id from training_pairs)
        or not exists (select 1 from training_pairs)
),

first_keys as (
    select
        scene_id,
        arg_min(key, position) as key
    from shown_words
    where caption = 'title' and role = 'focus' and key is not null
    group by scene_id
),

chips as (
    select
        candidates.*,
        shown_captions.title,
        shown_captions.title_multi_objects,
        scenes.split,
        objects.osm_type,
        objects.osm_id,
        md5(candidates.image_id) as hash,
        coalesce(first_keys.key, '') as first_key,
        coalesce(focus_shapes.shape, 'unknown') as shape
    from candidates
    left join shown_captions on candidates.scene_id = shown_captions.scene_id
    left join scenes on candidates.scene_id = scenes.scene_id
    left join focus_shapes on candidates.scene_id = focus_shapes.scene_id
    left join objects on candidates.object_id = objects.object_id
    left join first_keys on candidates.scene_id = first_keys.scene_id
),

by_title as (
    select
        *,
        row_number() over (
            partition by shape, source, first_key, title
            order by hash, image_id
        ) as turn_of_title
    from chips
),

by_key as (
    select
        *,
        row_number() over (
            partition by shape, source, first_key
            order by turn_of_title, hash, image_id
        ) as turn_of_key
    from by_title
),

by_source as (
    select
        *,
        row_number() over (
            partition by shape, source
            order by turn_of_key, hash, image_id
        ) as turn_of_source
    from by_key
),

by_shape as (
    select
        *,
        row_number() over (
            partition by shape
            order by turn_of_source, hash, image_id
        ) as turn_of_shape
    from by_source
)

select
    image_id,
    scene_id,
    object_id,
    source,
    filepath,
    west,
    south,
    east,
    north,
    crs,
    transform,
    width_px,
    height_px,
    gsd_x_m,
    gsd_y_m,
    acquired,
    acquired_precision,
    drawn,
    split,
    osm_type,
    osm_id,
    shape,
    title,
    title_multi_objects
from by_shape
order by turn_of_shape, shape, hash, image_id
limit getvariable('chips')
