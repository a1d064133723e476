{{ config(tags=['shard']) }}

with boxes as (
    select * from {{ ref('int_scene_boxes') }}
),

sized as (
    select * from {{ ref('int_box_sizes') }}
),

objects as (
    select
        object_id,
        snapshot
    from {{ ref('objects') }}
),

located as (
    select
        boxes.* exclude (lon, lat), -- noqa: RF02
        sized.kind,
        sized.gsd_m,
        objects.snapshot as osm_snapshot,
        (boxes.west + boxes.east) / 2 as lon,
        (boxes.south + boxes.north) / 2 as lat,
        -- From the box's centre to the focus, or the line's node it stands on.
        (boxes.lon - (boxes.west + boxes.east) / 2) * boxes.metres_per_lon as offset_x_m,
        (boxes.lat - (boxes.south + boxes.north) / 2) * boxes.metres_per_lat as offset_y_m,
        -- A chip reaches past its box where the image's grid is turned against north.
        greatest(
            {{ var('split_gap_m') }},
            {{ var('split_gap_share') }} * greatest(boxes.width_px, boxes.height_px) * sized.gsd_m
        ) as gap_m
    from boxes
    inner join sized using (object_id, source)
    inner join objects on boxes.object_id = objects.object_id
),

tiled as (
    select
        *,
        {{ quadkey_of('lon', 'lat') }} as quadkey,
        range(
            {{ tile_x('west - gap_m / metres_per_lon', var('split_zoom')) }},
            {{ tile_x('east + gap_m / metres_per_lon', var('split_zoom')) }} + 1
        ) as tile_columns,
        range(
            {{ tile_y('north + gap_m / metres_per_lat', var('split_zoom')) }},
            {{ tile_y('south - gap_m / metres_per_lat', var('split_zoom')) }} + 1
        ) as tile_rows
    from located
),

hashed as (
    select
        *,
        -- Every tile that the box plus the gap touches must hash to the same split.
        list_distinct(flatten(list_transform(
            tile_columns,
            lambda x : list_transform(
                tile_rows,
                lambda y :
                case
                    when
                        {{ hash_unit("concat_ws(':', 'split', x, y)") }}
                        < {{ var('split_val') }}
                        then 'val'
                    when
                        {{ hash_unit("concat_ws(':', 'split', x, y)") }}
                        < {{ var('split_val') }} + {{ var('split_test') }}
                        then 'test'
                    else 'train'
                end
            )
        ))) as splits
    from tiled
)

select
    ---------- ids
    object_id || '_' || source as scene_id,
    object_id,
    source,
    md5(concat_ws(
        ',',
        printf('%.7f', west), printf('%.7f', south),
        printf('%.7f', east), printf('%.7f', north),
        source
    )) as box_id,
    kind,
    ---------- numbers
    west,
    south,
    east,
    north,
    width_px,
    height_px,
    gsd_m,
    round(offset_x_m, 3) as offset_x_m,
    round(offset_y_m, 3) as offset_y_m,
    ---------- place
    quadkey,
    case when len(splits) = 1 then splits[1] else 'gap' end as split,
    osm_snapshot,
    -- Rounded outward, so that a filter on bbox never loses a box.
    {'xmin': west - 1e-5, 'ymin': south - 1e-5, 'xmax': east + 1e-5, 'ymax': north + 1e-5}
    ::struct(xmin float, ymin float, xmax float, ymax float) as bbox,
    st_makeenvelope(west, south, east, north) as geometry
from hashed
where {{ in_tiles('quadkey') }}
