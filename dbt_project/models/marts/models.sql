{{ config(tags=['global']) }}

with models as (
    select * from {{ ref('stg_lake__models') }}
)

select
    model,
    name,
    pretrained,
    checkpoint,
    digest,
    precision,
    quick_gelu,
    dim,
    context_length,
    preprocessing
from models
