-- The nearest images on the ground, by the middles of their boxes, within so many km.
with here as (
    select
        (south + north) / 2 as lat,
        if(west > east, (west + east + 360) / 2, (west + east) / 2) as lon
    from images
    where image_id = getvariable('image')
),

around as (
    select
        images.image_id,
        images.scene_id,
        images.source,
        ((images.south + images.north) / 2 - here.lat) * 111.32 as north_km,
        -- The shorter way round the Earth.
        (
            (
                if(
                    images.west > images.east, images.west + images.east + 360,
                    images.west + images.east
                ) / 2 - here.lon + 900
            ) % 360 - 180
        ) * 111.32 * cos(radians(here.lat)) as east_km
    from images
    cross join here
    where
        images.image_id != getvariable('image')
        and images.south <= here.lat + getvariable('km') / 100.0
        and images.north >= here.lat - getvariable('km') / 100.0
),

ranked as (
    select
        image_id,
        scene_id,
        source,
        round(1000 * sqrt(north_km ** 2 + east_km ** 2)) as far_m
    from around
    where sqrt(north_km ** 2 + east_km ** 2) <= getvariable('km')
    order by far_m asc, image_id asc
    limit getvariable('most')
)

select
    ranked.image_id,
    ranked.source,
    ranked.far_m as how,
    shown_captions.title
from ranked
left join shown_captions on ranked.scene_id = shown_captions.scene_id
order by ranked.far_m asc, ranked.image_id asc
