{{ config(tags=['shard']) }}

-- How many candidates the sampled cells hold of each tag.
select
    source,
    key,
    value,
    count(*) filter (where in_sampled_cell) as n_sampled
from {{ ref('int_focus_candidates') }}
group by source, key, value
