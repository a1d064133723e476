{{ config(tags=['shard']) }}

with current_rows as (
    select * from {{ ref('stg_lake__rejects') }}
)

select * from current_rows
