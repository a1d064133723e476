{{ config(tags=['shard']) }}

-- The box of each imported image. Each image has a box of its own, so the scene, its
-- focus and the image share the published name.
with images as (
    select * from {{ ref('stg_lake__imported_images') }}
),

placed as (
    select
        *,
        (west + east) / 2 as lon,
        (south + north) / 2 as lat,
        {{ metres_per_degree_lon('(south + north) / 2') }} as metres_per_lon,
        {{ metres_per_degree_lat('(south + north) / 2') }} as metres_per_lat
    from images
),

measured as (
    select
        *,
        round((east - west) * metres_per_lon / width_px, 6) as gsd_x_m,
        round((north - south) * metres_per_lat / height_px, 6) as gsd_y_m,
        sqrt(
            (east - west) * metres_per_lon / width_px * (north - south) * metres_per_lat / height_px
        ) as pixel_m
    from placed
)

select
    image_name as scene_id,
    image_name as object_id,
    source,
    kind,
    osm_snapshot,
    round(west, 7) as west,
    round(south, 7) as south,
    round(east, 7) as east,
    round(north, 7) as north,
    lon,
    lat,
    metres_per_lon,
    metres_per_lat,
    width_px,
    height_px,
    gsd_x_m,
    gsd_y_m,
    -- The image's own, to two digits: what may be said is the same for equal pixels.
    round(pixel_m, 1 - floor(log10(pixel_m))::integer) as gsd_m,
    md5(to_json([center_tags::varchar, surrounding_tags::varchar])::varchar) as tags_digest
from measured
