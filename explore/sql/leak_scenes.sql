-- The scenes of train, val and test with the gap that the build keeps round each box, in
-- metres, and the box widened by it. One over the antimeridian lies on both sides of it.
with settings as (
    select
        coalesce(
            max(value::double) filter (where name = 'split_gap_m'), 50
        ) as gap_m,
        coalesce(
            max(value::double) filter (where name = 'split_gap_share'), 0.1
        ) as gap_share
    from build_settings
    where name in ('split_gap_m', 'split_gap_share')
),

boxes as (
    select
        scenes.scene_id,
        scenes.object_id,
        scenes.split,
        case scenes.split when 'train' then 0 when 'val' then 1 else 2 end as place,
        scenes.west,
        if(scenes.west > scenes.east, scenes.east + 360, scenes.east) as east,
        scenes.south,
        scenes.north,
        111412.84 * cos(radians((scenes.south + scenes.north) / 2))
        - 93.5 * cos(3 * radians((scenes.south + scenes.north) / 2)) as metres_per_lon,
        greatest(
            settings.gap_m,
            coalesce(
                settings.gap_share
                * greatest(scenes.width_px, scenes.height_px)
                * scenes.gsd_m,
                0
            )
        ) as gap_m
    from scenes
    cross join settings
    where scenes.split in ('train', 'val', 'test') and scenes.west is not null
),

-- 110,574 metres are the fewest in a degree of latitude.
reaching as (
    select
        *,
        gap_m / greatest(metres_per_lon, 1) as gap_lon,
        gap_m / 110574 as gap_lat
    from boxes
),

placed as (
    select
        *,
        unnest(
            [0]
            || if(east + gap_lon > 180, [-360], [])
            || if(west - gap_lon < -180, [360], [])
        ) as shift
    from reaching
)

select
    * exclude (west, east, shift, gap_lon, gap_lat),
    west + shift as west,
    east + shift as east,
    st_makeenvelope(
        west + shift - gap_lon, south - gap_lat, east + shift + gap_lon, north + gap_lat
    ) as reach
from placed
