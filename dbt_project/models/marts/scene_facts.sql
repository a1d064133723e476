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

-- What a language model may be told of a scene: what the caption says of each object, as
-- JSON. A model reads it, so no text of the map's own passes: words count only where a rule
-- gives them, a rule names their tag, or each of them is a word of the seeds.
with words as (
    select * from {{ ref('caption_words') }}
    {{ not_yet_here() }}
),

rules as (
    select
        rule_id,
        phrase,
        phrase_plural,
        not contains(key || value, '*') as is_exact
    from {{ ref('stg_seeds__tag_rules') }}
),

known as (
    select word from {{ ref('clip_tokens') }}
    union
    select word
    from {{ ref('polish_words') }}
    where kind = 'colour'
    union
    select unnest(regexp_extract_all(lower(concat_ws(' ', singular, plural)), '[a-z]+')) as word
    from {{ ref('plain_words') }}
),

said as (
    select
        words.scene_id,
        words.style,
        words.object_id,
        words.role,
        words.position,
        words.n_objects,
        words.key is null as is_amount,
        words.fingerprint,
        trim(words.words) as phrase,
        coalesce(
            words.key is null
            or rules.is_exact
            or words.words in (rules.phrase, rules.phrase_plural),
            false
        ) as is_given
    from words
    left join rules on words.rule_id = rules.rule_id
    where words.caption = 'title_multi_objects' and words.object_id is not null
),

doubtful as (
    select distinct phrase
    from said
    where not is_given
),

foreign_words as (
    select
        phrase,
        unnest(regexp_extract_all(lower(phrase), '[a-z]+')) as word
    from doubtful
),

refused as (
    select phrase
    from foreign_words
    where foreign_words.word not in (select known.word from known)
    union
    select phrase
    from doubtful
    where not regexp_full_match(phrase, '[A-Za-z0-9 .:''-]{1,60}')
),

admitted as (
    select *
    from said
    where said.is_given or said.phrase not in (select refused.phrase from refused)
),

objects as (
    select
        scene_id,
        style,
        object_id,
        any_value(role) as role,
        min(position) as position,
        list({'position': position, 'phrase': phrase}) as phrases,
        -- A number that the style says of surroundings is a count; one that it leaves
        -- unsaid was not measured.
        max(n_objects) filter (where is_amount and role = 'surrounding' and n_objects > 1)
            as n_objects,
        any_value(fingerprint) as fingerprint
    from admitted
    group by scene_id, style, object_id
    having bool_or(not is_amount)
),

numbered as (
    select
        *,
        'f' || row_number() over (partition by scene_id, style order by position) as id,
        list_transform(list_sort(phrases), lambda one : one.phrase) as says,
        bool_or(role = 'focus') over (partition by scene_id, style) as has_focus
    from objects
),

worded as (
    select
        scene_id,
        style,
        position,
        fingerprint,
        case
            when n_objects is null then to_json({'id': id, 'role': role, 'says': says})
            else to_json({'id': id, 'role': role, 'says': says, 'count': n_objects})
        end as fact
    from numbered
    where has_focus
),

texts as (
    select
        scene_id,
        style,
        to_json(list_transform(
            list_sort(list({'position': position, 'fact': fact::varchar})),
            lambda one : one.fact::json
        ))::varchar as facts,
        any_value(fingerprint) as fingerprint
    from worded
    group by scene_id, style
)

select
    scene_id,
    style,
    facts,
    md5(facts) as facts_digest,
    fingerprint
from texts
