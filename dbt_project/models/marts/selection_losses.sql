{{ config(tags=['global']) }}

-- What each selection loses of the variety that came to it, in all, by source and by
-- country. Words are those of the first style.
{%- set scored_style = var('caption_styles')[0] %}
{%- set parts = ('(selection), (selection, source), (selection, country)') %}
with pairs as (
    select
        selections.selection,
        images.image_id,
        images.scene_id,
        images.source,
        -- No null: the set without a country is another than the set of all.
        coalesce(scenes.country, '') as country,
        selections.kept
    from {{ ref('image_selections') }} as selections
    inner join {{ ref('images') }} as images on selections.image_id = images.image_id
    inner join {{ ref('scenes') }} as scenes on images.scene_id = scenes.scene_id
    where
        coalesce(selections.reason, '') not in (
            'edited_far_from_image', 'gap', 'no_caption', 'several_scorers', 'not_scored'
        )
),

captioned as (
    select
        pairs.*,
        captions.title,
        captions.title_multi_objects
    from pairs
    left join (
        select *
        from {{ ref('captions') }}
        where style = '{{ scored_style }}'
    ) as captions on pairs.scene_id = captions.scene_id
),

caption_counts as (
    select
        selection,
        source,
        country,
        count(*) as n_pairs,
        count(*) filter (where kept) as n_pairs_kept,
        count(distinct title) as n_titles,
        count(distinct title) filter (where kept) as n_titles_kept,
        count(distinct title_multi_objects) as n_captions,
        count(distinct title_multi_objects) filter (where kept) as n_captions_kept
    from captioned
    group by grouping sets ({{ parts }})
),

said as (
    select distinct
        scene_id,
        key,
        value
    from {{ ref('caption_words') }}
    where style = '{{ scored_style }}' and key is not null
),

-- Distinct tags of each part before they are counted: a third of the memory of counting
-- distinct pairs of texts.
tags as (
    select
        pairs.selection,
        pairs.source,
        pairs.country,
        said.key,
        said.value,
        bool_or(pairs.kept) as is_kept
    from pairs
    inner join said on pairs.scene_id = said.scene_id
    group by all
),

tag_counts as (
    select
        selection,
        source,
        country,
        count(distinct {'key': key, 'value': value}) as n_tags,
        count(distinct {'key': key, 'value': value}) filter (where is_kept) as n_tags_kept
    from tags
    group by grouping sets ({{ parts }})
),

named as (
    select
        selections.selection,
        selections.scorer,
        scorers.model,
        selections.caption,
        selections.keep_billionths / 1e9 as keep_share
    from {{ ref('stg_seeds__selections') }} as selections
    left join {{ ref('int_selection_scorers') }} as scorers
        on selections.selection = scorers.selection
),

-- A selection to which nothing came has its row too.
counted as (
    select
        *,
        case
            when source is not null then 'source' when country is not null then 'country'
            else 'all'
        end as part,
        coalesce(source, country, '') as name
    from caption_counts
)

select
    named.selection,
    named.scorer,
    named.model,
    named.caption,
    named.keep_share,
    coalesce(counted.part, 'all') as part,
    nullif(counted.name, '') as name,
    coalesce(counted.n_pairs, 0) as n_pairs,
    coalesce(counted.n_pairs_kept, 0) as n_pairs_kept,
    coalesce(tag_counts.n_tags, 0) as n_tags,
    coalesce(tag_counts.n_tags_kept, 0) as n_tags_kept,
    coalesce(tag_counts.n_tags - tag_counts.n_tags_kept, 0) as n_tags_lost,
    coalesce(counted.n_titles, 0) as n_titles,
    coalesce(counted.n_titles_kept, 0) as n_titles_kept,
    coalesce(counted.n_titles - counted.n_titles_kept, 0) as n_titles_lost,
    coalesce(counted.n_captions, 0) as n_captions,
    coalesce(counted.n_captions_kept, 0) as n_captions_kept,
    coalesce(counted.n_captions - counted.n_captions_kept, 0) as n_captions_lost
from named
left join counted on named.selection = counted.selection
left join
    (
        select
            *,
            case
                when source is not null then 'source' when country is not null then 'country'
                else 'all'
            end as part,
            coalesce(source, country, '') as name
        from tag_counts
    ) as tag_counts
    on
        counted.selection = tag_counts.selection
        and counted.part = tag_counts.part
        and counted.name = tag_counts.name
