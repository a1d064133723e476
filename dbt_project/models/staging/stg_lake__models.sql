with source as (
    select * from {{ source('lake', 'models') }}
)

select * from source
