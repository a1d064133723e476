with source as (
    select * from {{ source('lake', 'audits') }}
)

select * from source
