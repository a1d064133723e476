{{ config(tags=['shard'], materialized='view') }}

with objects as (
    select
        object_id,
        kind,
        area_m2,
        tags
    from {{ ref('objects') }}
)

select
    object_id,
    kind,
    area_m2,
    tags,
    unnest(map_keys(tags)) as key,
    unnest(map_values(tags)) as value
from objects
