-- Boxes of two splits that are nearer to each other than the wider of their gaps.
with met as (
    select
        held.scene_id as held_id,
        held.split as held_split,
        other.scene_id as other_id,
        other.split as other_split,
        greatest(held.gap_m, other.gap_m) as gap_m,
        greatest(0, held.west - other.east, other.west - held.east)
        * greatest(held.metres_per_lon, other.metres_per_lon) as apart_x_m,
        greatest(0, held.south - other.north, other.south - held.north) * 110574 as apart_y_m
    from leak_scenes as held
    inner join leak_scenes as other on st_intersects_extent(held.reach, other.reach)
    where held.place > other.place
),

near as (
    select
        held_id,
        held_split,
        other_id,
        other_split,
        min(sqrt(apart_x_m * apart_x_m + apart_y_m * apart_y_m)) as apart_m
    from met
    where apart_x_m < gap_m and apart_y_m < gap_m
    group by all
)

select
    (
        select count(distinct leak_scenes.scene_id) from leak_scenes
        where leak_scenes.place > 0
    ) as n_checked,
    (select count(*) from near) as n_found,
    (
        select
            list(
                concat(
                    near.held_id, ' (', near.held_split, ') and ', near.other_id,
                    ' (', near.other_split, '), ', round(near.apart_m)::bigint, ' m apart'
                )
                order by near.apart_m asc, near.held_id asc, near.other_id asc
            )[1:3]
        from near
    ) as examples
