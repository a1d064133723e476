-- What an id that is no image's and no scene's may stand for: an object of some scene,
-- an object that got none, or a slip of the pen.
with asked as (
    select getvariable('id') as id
),

of_object as (
    select
        1 as place,
        'scene' as kind,
        scenes.scene_id as name,
        '' as detail
    from scenes
    inner join asked on scenes.object_id = asked.id
),

refused as (
    select
        2 as place,
        'reject' as kind,
        concat(scene_rejects.object_id, '_', scene_rejects.source) as name,
        concat_ws(': ', scene_rejects.reason, nullif(scene_rejects.detail, '')) as detail
    from scene_rejects
    inner join asked
        on
            scene_rejects.object_id = asked.id
            or concat(scene_rejects.object_id, '_', scene_rejects.source) = asked.id
),

alike as (
    select
        3 as place,
        'alike' as kind,
        scenes.scene_id as name,
        '' as detail
    from scenes
    cross join asked
    order by levenshtein(scenes.scene_id, asked.id) asc, scenes.scene_id asc
    limit 1
),

found as (
    select * from of_object
    union all by name
    select * from refused
    union all by name
    select * from alike
)

select
    kind,
    name,
    detail
from found
order by place asc, name asc
limit 3
