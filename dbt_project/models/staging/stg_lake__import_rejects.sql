with source as (
    select * from {{ source('lake', 'import_rejects') }}
)

select * from source
