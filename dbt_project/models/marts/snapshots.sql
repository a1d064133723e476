{{ config(tags=['shard']) }}

with snapshots as (
    select * from {{ ref('stg_lake__snapshots') }}
)

select * from snapshots
