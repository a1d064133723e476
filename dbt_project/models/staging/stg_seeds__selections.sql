-- Faults keep a selection from being staged at all: depends_on: {{ ref('selection_faults') }}
with source as (
    select * from {{ ref('stg_seeds__selection_lines') }}
)

select
    ---------- ids
    selection,
    scorer,
    caption,
    coalesce(drop_duplicates, 'none') as drop_duplicates,
    ---------- numbers
    keep_billionths,
    coalesce(min_per_tag_number, 0) as min_per_tag,
    coalesce(min_per_source_number, 0) as min_per_source,
    n_val_number as n_val,
    n_test_number as n_test
from source
