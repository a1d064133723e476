{{ config(tags=['shard']) }}

-- What the publishers said of each imported image, to compare. Where their files
-- disagree, the first by name counts.
with captions as (
    select * from {{ ref('stg_lake__imported_captions') }}
),

scenes as (
    select scene_id
    from {{ ref('scenes') }}
)

select
    scenes.scene_id,
    captions.caption,
    captions.text,
    'published' as caption_source,
    captions.dataset,
    captions.file
from captions
inner join scenes on captions.image_name = scenes.scene_id
qualify row_number() over (
    partition by scenes.scene_id, captions.caption
    order by captions.dataset, captions.file, captions.text
) = 1
