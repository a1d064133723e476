{{ config(tags=['shard']) }}

with rejects as (
    select * from {{ ref('stg_lake__rejects') }}
),

current_snapshots as (
    select snapshot
    from {{ ref('stg_lake__snapshots') }}
    where is_current
)

select rejects.*
from rejects
inner join current_snapshots on rejects.snapshot = current_snapshots.snapshot
