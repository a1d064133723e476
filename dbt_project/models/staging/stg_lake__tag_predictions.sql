with source as (
    select * from {{ source('lake', 'tag_predictions') }}
)

-- Models may have judged the same tag: the one last by name counts.
select *
from source
qualify row_number() over (partition by key, value order by model desc) = 1
