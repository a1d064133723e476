with source as (
    select * from {{ source('lake', 'snapshots') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by region order by snapshot_date desc nulls last, snapshot desc
        ) as recency
    from source
)

select
    * exclude (recency),
    recency = 1 as is_current
from ranked
