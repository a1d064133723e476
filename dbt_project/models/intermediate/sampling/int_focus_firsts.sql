{{ config(tags=['shard']) }}

-- The first candidates of each tag in hashed order, as many as a cap may take of it,
-- once of the sampled cells and once of all: which counts is known with all shards.
{%- set most = [var('max_focus_per_tag'), var('max_focus_per_key')] | max %}
with ranked as (
    select
        *,
        row_number() over (
            partition by source, key, value order by place_in_line, object_id
        ) as rank_of_all,
        row_number() over (
            partition by source, key, value, in_sampled_cell order by place_in_line, object_id
        ) as rank_of_sampled
    from {{ ref('int_focus_candidates') }}
    where {{ most }} > 0
)

select
    source,
    key,
    value,
    object_id,
    place_in_line,
    in_sampled_cell
from ranked
where rank_of_all <= {{ most }} or (in_sampled_cell and rank_of_sampled <= {{ most }})
