{{ config(tags=['shard']) }}

with rejects as (
    select * from {{ ref('stg_lake__import_rejects') }}
)

select * from rejects
