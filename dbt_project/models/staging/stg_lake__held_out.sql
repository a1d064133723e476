with source as (
    select * from {{ source('lake', 'held_out') }}
)

select * from source
