with said as (
    select
        scene_id,
        bool_or(role = 'focus') as of_focus
    from rule_words
    group by scene_id
),

pictured as (
    select image_id
    from images
    where scene_id in (select said.scene_id from said)
),

-- A scene whose imagery could show the tag, whether or not a caption has room for it.
able as (
    select distinct scene_id
    from scene_tags
    where
        rule_id = getvariable('rule')
        and scene_id in (select rule_scenes.scene_id from rule_scenes)
)

select
    (select count(distinct object_id) from rule_objects) as n_objects,
    (
        select count(distinct object_id) from rule_objects
        where groundable
    ) as n_groundable,
    (select count(*) from able) as n_able,
    (select count(*) from said) as n_scenes,
    (
        select count(*) from said
        where of_focus
    ) as n_focus,
    (select count(*) from pictured) as n_images,
    (select count(*) from rule_words) as n_words,
    (
        select max(max_gsd_m) from rule_objects
    ) as max_gsd_m,
    (select min(gsd_m) from sources) as finest_gsd_m,
    (select coalesce(bool_and(drawn), false) from sources) as all_drawn
