{{ config(tags=['shard']) }}

with current_rows as (
    select * from {{ ref('stg_lake__snapshots') }}
)

select * from current_rows
