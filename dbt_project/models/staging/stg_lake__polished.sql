with source as (
    select * from {{ source('lake', 'polished') }}
)

-- Of several models' captions one that passed the check counts, then the last by name of
-- model and prompt.
select *
from source
qualify row_number() over (
    partition by facts_digest
    order by caption_source = 'polished' desc, model desc, prompt desc
) = 1
