{{ config(tags=['shard']) }}

-- The box of each object at each source, were it a focus.
select * from {{ ref('int_hashed_boxes') }}
union all by name
select * from {{ ref('int_detour_boxes') }}
