-- Objects that scenes of two splits show: what is long or large reaches past the gap.
with shown as (
    select
        scene_objects.object_id,
        min(leak_scenes.split) as first_split,
        max(leak_scenes.split) as last_split,
        max(leak_scenes.place) as place
    from scene_objects
    inner join leak_scenes on scene_objects.scene_id = leak_scenes.scene_id
    group by scene_objects.object_id
),

shared as (
    select object_id
    from shown
    where first_split != last_split
)

select
    (
        select count(*) from shown
        where shown.place > 0
    ) as n_checked,
    (select count(*) from shared) as n_found,
    (select list(shared.object_id order by shared.object_id)[1:3] from shared) as examples
