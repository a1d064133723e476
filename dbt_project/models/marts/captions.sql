{{
    config(
        tags=['shard'],
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ forget_stale(ref('int_scene_words')) }}",
        post_hook="{{ note_made_from() }}"
    )
}}

with words as (
    select * from {{ ref('caption_words') }}
    {{ not_yet_here() }}
),

rules as (
    select
        rule_id,
        rule_digest
    from {{ ref('stg_seeds__tag_rules') }}
),

traced as (
    select
        words.*,
        -- A rule that is a model is known by its name and by what it says.
        case
            when words.rule_id is not null
                then coalesce(rules.rule_digest, md5(words.rule_id || ':' || words.words))
        end as rule_digest
    from words
    left join rules on words.rule_id = rules.rule_id
),

texts as (
    select
        scene_id,
        style,
        {{ joined_in_order('words', 'position', "caption = 'title'") }} as title,
        {{ joined_in_order('words', 'position', "caption = 'title_multi_objects'") }}
            as title_multi_objects,
        count(*) filter (where caption = 'title' and key is not null) as n_tags,
        list_sum(list_transform(
            list_distinct(
                list({'object_id': object_id, 'n_objects': n_objects})
                filter (where caption = 'title_multi_objects' and role = 'surrounding')
            ),
            lambda said : said.n_objects
        )) as n_surroundings,
        md5(array_to_string(
            list_sort(list_distinct(list(rule_digest) filter (where rule_digest is not null))), ','
        )) as rules_digest,
        any_value(fingerprint) as fingerprint
    from traced
    group by scene_id, style
)

select
    ---------- ids
    texts.scene_id,
    scenes.source,
    texts.style,
    ---------- words
    texts.title,
    texts.title_multi_objects,
    ---------- numbers
    texts.n_tags::integer as n_tags,
    coalesce(texts.n_surroundings, 0)::integer as n_surroundings,
    ---------- provenance
    texts.rules_digest,
    texts.fingerprint
from texts
inner join {{ ref('scenes') }} as scenes on texts.scene_id = scenes.scene_id
