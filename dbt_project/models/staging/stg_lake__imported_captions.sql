with source as (
    select * from {{ source('lake', 'imported_captions') }}
)

select * from source
