{{ config(tags=['global']) }}

-- Where the objects of each current snapshot lie.
with current_snapshots as (
    select
        snapshot,
        -- Another loader may read the same file otherwise.
        md5(concat_ws(' ', sha256, loader)) as digest
    from {{ ref('stg_lake__snapshots') }}
    where is_current
)

select
    current_snapshots.snapshot,
    current_snapshots.digest,
    min(objects.bbox.xmin)::double as west,
    min(objects.bbox.ymin)::double as south,
    max(objects.bbox.xmax)::double as east,
    max(objects.bbox.ymax)::double as north
from {{ ref('stg_lake__objects') }} as objects
inner join current_snapshots on objects.snapshot = current_snapshots.snapshot
group by current_snapshots.snapshot, current_snapshots.digest
