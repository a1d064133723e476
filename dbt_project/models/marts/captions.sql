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

texts as (
    select
        scene_id,
        style,
        string_agg(words, '' order by position) filter (where caption = 'title') as title,
        string_agg(words, '' order by position) filter (
            where caption = 'title_multi_objects'
        ) as title_multi_objects,
        count(*) filter (where caption = 'title' and role = 'focus') as n_tags,
        count(distinct object_id) filter (
            where caption = 'title_multi_objects' and role = 'surrounding'
        ) as n_surroundings
    from words
    group by scene_id, style
),

used_rules as (
    select distinct
        words.scene_id,
        words.style,
        words.rule_id,
        rules.rule_digest
    from words
    inner join rules on words.rule_id = rules.rule_id
),

digests as (
    select
        scene_id,
        style,
        md5(string_agg(rule_digest, ',' order by rule_id)) as rules_digest
    from used_rules
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
    texts.n_surroundings::integer as n_surroundings,
    ---------- provenance
    digests.rules_digest
from texts
inner join {{ ref('scenes') }} as scenes on texts.scene_id = scenes.scene_id
inner join digests on texts.scene_id = digests.scene_id and texts.style = digests.style
