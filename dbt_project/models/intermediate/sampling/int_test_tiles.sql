{{ config(tags=['global']) }}

select distinct
    tile_x,
    tile_y
from {{ gathered('int_region_tiles') }}
