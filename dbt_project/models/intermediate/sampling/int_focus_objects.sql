{{ config(tags=['shard'], meta={'digest': 'content'}) }}

-- The objects that the sample takes: by a tag that is rare or that a sampled cell holds,
-- and no further down the line than the caps go.
with standing as (
    select
        candidates.object_id,
        candidates.source,
        candidates.in_sampled_cell,
        tags.is_rare,
        tags.last_of_tag,
        tags.last_of_key,
        {'place': candidates.place_in_line, 'object_id': candidates.object_id} as standing
    from {{ ref('int_focus_candidates') }} as candidates
    inner join {{ ref('int_focus_tags') }} as tags
        on
            candidates.source = tags.source
            and candidates.key = tags.key
            and candidates.value = tags.value
)

select distinct
    object_id,
    source
from standing
where
    (in_sampled_cell or is_rare)
    and standing <= coalesce(last_of_tag, standing)
    and standing <= coalesce(last_of_key, standing)
