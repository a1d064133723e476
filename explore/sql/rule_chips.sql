-- Images in which the rule speaks, of the focus before surroundings; then images round
-- an object that it decides; then those that hold one. Its different words take turns; a
-- hash decides the rest.
with spoken as (
    select
        scene_id,
        min(case when role = 'focus' then 0 else 1 end) as place,
        arg_min(words, (role, words)) as words
    from rule_words
    where style in (select shown_style.style from shown_style)
    group by scene_id
),

decided as (
    select
        rule_scenes.scene_id,
        2 as place,
        arg_min(
            concat(rule_objects.key, '=', rule_objects.value),
            (rule_objects.key, rule_objects.value)
        ) as words
    from rule_scenes
    inner join rule_objects on rule_scenes.object_id = rule_objects.object_id
    where rule_scenes.scene_id not in (select spoken.scene_id from spoken)
    group by rule_scenes.scene_id
),

held as (
    select
        scene_objects.scene_id,
        3 as place,
        arg_min(
            concat(rule_objects.key, '=', rule_objects.value),
            (rule_objects.key, rule_objects.value)
        ) as words
    from scene_objects
    inner join rule_objects on scene_objects.object_id = rule_objects.object_id
    where
        not exists (select 1 from spoken)
        and not exists (select 1 from decided)
        and scene_objects.scene_id in (select rule_scenes.scene_id from rule_scenes)
    group by scene_objects.scene_id
),

candidates as (
    select * from spoken
    union all by name
    select * from decided
    union all by name
    select * from held
),

-- One image of a scene, however many years there are.
hashed as (
    select
        images.image_id,
        images.scene_id,
        candidates.place,
        candidates.words,
        md5(concat_ws(':', 'preview', images.image_id, getvariable('seed'))) as hash
    from images
    inner join candidates on images.scene_id = candidates.scene_id
    qualify row_number() over (
        partition by images.scene_id order by hash asc, images.image_id asc
    ) = 1
),

chosen as (
    select
        *,
        row_number() over (partition by place, words order by hash asc, image_id asc) as turn
    from hashed
    order by place asc, turn asc, hash asc, image_id asc
    limit getvariable('chips')
)

select
    images.image_id,
    images.scene_id,
    images.object_id,
    images.source,
    images.filepath,
    images.west,
    images.south,
    images.east,
    images.north,
    images.crs,
    images.transform,
    images.width_px,
    images.height_px,
    images.gsd_x_m,
    images.gsd_y_m,
    images.acquired,
    images.acquired_precision,
    images.drawn,
    scenes.split,
    objects.osm_type,
    objects.osm_id,
    coalesce(focus_shapes.shape, 'unknown') as shape,
    shown_captions.title,
    shown_captions.title_multi_objects
from chosen
inner join images on chosen.image_id = images.image_id
left join shown_captions on images.scene_id = shown_captions.scene_id
left join scenes on images.scene_id = scenes.scene_id
left join focus_shapes on images.scene_id = focus_shapes.scene_id
left join objects on images.object_id = objects.object_id
order by chosen.place asc, chosen.turn asc, chosen.hash asc, images.image_id asc
