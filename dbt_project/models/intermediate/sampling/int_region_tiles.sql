{{ config(tags=['shard']) }}

-- The tiles that the boxes of the test regions touch, sampled or not: what is a test does
-- not hang on the sample.
with regions as (
    select unnest({{ text_list(var('split_test_regions')) }}) as region
),

objects as (
    select objects.object_id
    from {{ ref('objects') }} as objects
    semi join regions on objects.region = regions.region
),

boxes as (
    select
        boxes.*,
        sized.gsd_m
    from {{ ref('int_scene_boxes') }} as boxes
    inner join {{ ref('int_box_sizes') }} as sized using (object_id, source)
    semi join objects on boxes.object_id = objects.object_id
),

tiles as (
    select unnest({{ split_tiles('boxes') }}, recursive := true)
    from boxes
)

select distinct
    tile_x,
    tile_y
from tiles
