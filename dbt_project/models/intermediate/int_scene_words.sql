{{ config(tags=['shard']) }}

-- Read for their content alone, by `code_digest` below:
-- depends_on: {{ ref('stg_seeds__caption_styles') }}
-- depends_on: {{ ref('clip_tokens') }}
-- depends_on: {{ ref('plain_articles') }}
-- depends_on: {{ ref('plain_scales') }}
-- depends_on: {{ ref('plain_words') }}
-- depends_on: {{ ref('polish_words') }}

-- What the captions of a scene are made from: what it shows, and what may be said of
-- each object in it. Where the fingerprint stays, so do they.
with rules as (
    select
        rule_id,
        rule_digest
    from {{ ref('stg_seeds__tag_rules') }}
),

said as (
    select
        tags.object_id,
        tags.source,
        tags.gsd_m,
        bit_xor(md5_number_lower(to_json([
            tags.object_id, tags.key, tags.value, tags.phrase,
            tags.phrase_plural, tags.rule_id, rules.rule_digest, tags.tag_rank::varchar
        ])::varchar)) as words
    from {{ ref('int_visible_tags') }} as tags
    left join rules on tags.rule_id = rules.rule_id
    group by tags.object_id, tags.source, tags.gsd_m
),

places as (
    select
        places.scene_id,
        scenes.source,
        scenes.gsd_m,
        places.fingerprint
    from {{ ref('int_scene_places') }} as places
    inner join {{ ref('scenes') }} as scenes on places.scene_id = scenes.scene_id
),

-- Materialized: the planner may otherwise join all scenes of a source with all that is
-- said in it, and fill the disk.
shown as materialized (
    select
        scene_objects.scene_id,
        scene_objects.object_id,
        places.source,
        places.gsd_m,
        places.fingerprint
    from {{ ref('scene_objects') }} as scene_objects
    inner join places on scene_objects.scene_id = places.scene_id
),

scene_words as (
    select
        shown.scene_id,
        any_value(shown.fingerprint) as place,
        bit_xor(said.words) as words
    from shown
    inner join said
        on
            shown.object_id = said.object_id
            and shown.source = said.source
            and shown.gsd_m = said.gsd_m
    group by shown.scene_id
)

select
    scene_id,
    md5_number_lower(concat_ws(
        ' ', place, words,
        {{ var('surrounding_min_px') }}, {{ var('caption_max_tokens') }},
        '{{ var("caption_styles") | join(",") }}',
        '{{ code_digest([
            "scene_tags", "int_scene_tags", "int_plain_words", "int_object_phrases",
            "int_phrase_tokens", "int_scene_phrases", "caption_words", "captions", "scene_facts",
            "stg_seeds__caption_styles", "caption_styles", "clip_tokens", "plain_words",
            "plain_articles", "plain_scales", "polish_words"
        ]) }}'
    )) as fingerprint
from scene_words
