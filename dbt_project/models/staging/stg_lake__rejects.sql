with source as (
    select * from {{ source('lake', 'rejects') }}
)

select * from source
