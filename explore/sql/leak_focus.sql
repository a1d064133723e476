-- Objects that are the focus of scenes in two splits.
with shared as (
    select object_id
    from leak_scenes
    group by object_id
    having min(split) != max(split)
)

select
    (
        select count(distinct leak_scenes.object_id) from leak_scenes
        where leak_scenes.place > 0
    ) as n_checked,
    (select count(*) from shared) as n_found,
    (select list(shared.object_id order by shared.object_id)[1:3] from shared) as examples
