-- A box over the antimeridian is moved to the west of it; the small splits lie on top.
with sample as (
    select
        scene_id,
        if(west > east, west - 360, west) as west,
        south,
        east,
        north,
        split
    from scenes
    order by md5(scene_id), scene_id
    limit getvariable('most')
)

select
    west,
    south,
    east,
    north,
    split
from sample
order by
    case split when 'gap' then 0 when 'train' then 1 when 'val' then 2 else 3 end,
    scene_id
