with source as (
    select * from {{ source('lake', 'ledger') }}
)

select * from source
