{{ config(tags=['global'], meta={'digest': 'content'}) }}

-- The paper's two stages: the objects of sampled 0.01 degree cells, then every
-- object with a tag that the sample holds too rarely; then an optional cap for each tag or key.
with visible_tags as (
    select
        candidates.object_id,
        candidates.source,
        tags.key,
        tags.value,
        {{ hash_unit(
            "concat_ws(':', 'cell', floor((candidates.west + candidates.east) * 50)::bigint, "
            ~ "floor((candidates.south + candidates.north) * 50)::bigint)"
        ) }}
        < {{ var('cell_fraction') }} as in_sampled_cell
    from {{ ref('int_objects_in_imagery') }} as candidates
    inner join {{ ref('int_visible_tags') }} as tags
        on candidates.object_id = tags.object_id and candidates.source = tags.source
),

tag_counts as (
    select
        source,
        key,
        value,
        count(*) filter (where in_sampled_cell) as n_sampled
    from visible_tags
    group by source, key, value
),

sampled as (
    select
        visible_tags.*,
        row_number() over (
            partition by visible_tags.source, visible_tags.key, visible_tags.value
            order by
                {{ hash_unit("concat_ws(':', 'cap', visible_tags.object_id)") }},
                visible_tags.object_id
        ) as rank_in_tag,
        row_number() over (
            partition by visible_tags.source, visible_tags.key
            order by
                {{ hash_unit("concat_ws(':', 'cap', visible_tags.object_id)") }},
                visible_tags.object_id
        ) as rank_in_key
    from visible_tags
    inner join tag_counts
        on
            visible_tags.source = tag_counts.source
            and visible_tags.key = tag_counts.key
            and visible_tags.value = tag_counts.value
    where
        visible_tags.in_sampled_cell
        or tag_counts.n_sampled < {{ var('rare_tag_below') }}
)

select distinct
    object_id,
    source
from sampled
-- A cap of 0 is none.
where
    rank_in_tag <= coalesce(nullif({{ var('max_focus_per_tag') }}, 0), rank_in_tag)
    and rank_in_key <= coalesce(nullif({{ var('max_focus_per_key') }}, 0), rank_in_key)
