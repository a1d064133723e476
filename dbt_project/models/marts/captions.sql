{{ config(tags=['shard']) }}

with words as (
    select * from {{ ref('caption_words') }}
),

hard_rules as (
    select distinct
        rule_id,
        md5(concat_ws(chr(31), rule_id, max_gsd_m, phrase, priority)) as rule_digest
    from {{ ref('int_hard_rules') }}
),

rules as (
    select
        rule_id,
        rule_digest
    from {{ ref('stg_seeds__tag_rules') }}
    union all by name
    select
        rule_id,
        min(rule_digest) as rule_digest
    from hard_rules
    group by rule_id
),

traced as (
    select
        words.*,
        rules.rule_digest
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
        count(*) filter (where caption = 'title' and role = 'focus') as n_tags,
        len(list_distinct(
            list(object_id)
            filter (where caption = 'title_multi_objects' and role = 'surrounding')
        )) as n_surroundings,
        md5(array_to_string(
            list_sort(list_distinct(list(rule_digest) filter (where rule_digest is not null))), ','
        )) as rules_digest
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
    texts.rules_digest
from texts
inner join {{ ref('scenes') }} as scenes on texts.scene_id = scenes.scene_id
