-- A box over the antimeridian is moved to the west of it; the small splits lie on top. Each
-- spot of the map shows a box of each of its splits before any shows a second one, up to
-- `turns` of them.
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

-- No window: it would sort all the scenes.
spots as (
    select
        split,
        min(
            {
                'digest': md5(scene_id),
                'scene_id': scene_id,
                'west': west,
                'south': south,
                'east': east,
                'north': north
            },
            getvariable('turns')
        ) as boxes
    from moved
    group by
        floor(west / getvariable('cell_lon')),
        floor(south / getvariable('cell_lat')),
        split
),

spread as (
    select
        split,
        unnest(boxes) as box,
        generate_subscripts(boxes, 1) as turn
    from spots
),

sample as (
    select *
    from spread
    order by turn, box.digest, box.scene_id
    limit getvariable('most')
)

select
    box.west,
    box.south,
    box.east,
    box.north,
    split
from sample
order by
    case split when 'gap' then 0 when 'train' then 1 when 'val' then 2 else 3 end,
    box.scene_id
