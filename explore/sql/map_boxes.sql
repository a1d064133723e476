-- A box over the antimeridian is moved to the west of it; the small splits lie on top. Each
-- spot of the map shows a box of each of its splits before any shows a second one.
with moved as (
    select
        scene_id,
        if(west > east, west - 360, west) as west,
        south,
        east,
        north,
        split
    from scenes
    where west is not null
),

spread as (
    select
        *,
        row_number() over (
            partition by
                floor(west / getvariable('cell_lon')),
                floor(south / getvariable('cell_lat')),
                split
            order by md5(scene_id), scene_id
        ) as turn
    from moved
),

sample as (
    select *
    from spread
    order by turn, md5(scene_id), scene_id
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
