with source as (
    select * from {{ source('lake', 'embeddings') }}
)

select * from source
