{{ config(tags=['shard']) }}

-- What language models made of the facts, scene by scene. Where none of their captions
-- passed the check, the scene's own stands.
with facts as (
    select * from {{ ref('scene_facts') }}
),

polished as (
    select * from {{ ref('stg_lake__polished') }}
),

captions as (
    select * from {{ ref('captions') }}
)

select
    facts.scene_id,
    facts.style,
    facts.facts_digest,
    coalesce(polished.caption, captions.title_multi_objects) as polished,
    polished.caption_source,
    polished.reasons,
    polished.model,
    polished.prompt
from facts
inner join polished on facts.facts_digest = polished.facts_digest
inner join captions on facts.scene_id = captions.scene_id and facts.style = captions.style
