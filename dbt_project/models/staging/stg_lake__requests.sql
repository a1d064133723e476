with source as (
    select * from {{ source('lake', 'requests') }}
)

select * from source
