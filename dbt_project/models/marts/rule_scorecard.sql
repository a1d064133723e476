{{ config(tags=['global']) }}

-- How each rule fares: what it decides, what came of it, and how right it is.
with countries as (
    select * from {{ ref('int_object_countries') }}
),

-- Each focus candidate has a scene or a reason why not.
candidates as (
    select
        object_id,
        source
    from {{ ref('scenes') }}
    union
    select
        object_id,
        source
    from {{ ref('scene_rejects') }}
    union
    select
        object_id,
        source
    from {{ ref('int_imported_scene_objects') }}
),

object_counts as (
    select
        decided.rule_id,
        candidates.source,
        countries.country,
        count(distinct decided.object_id) as n_objects
    from {{ ref('object_tags') }} as decided
    inner join candidates
        on decided.object_id = candidates.object_id
    left join countries on decided.object_id = countries.object_id
    group by all
),

said as (
    select distinct
        scene_id,
        rule_id
    from {{ ref('caption_words') }}
    where rule_id is not null
),

scenes as (
    select
        scene_id,
        source,
        country
    from {{ ref('scenes') }}
),

captions as (
    select distinct
        scene_id,
        sha256(title) as text_sha256
    from {{ ref('captions') }}
),

-- The mean over texts and models of each image, in whole millionths: floats add up
-- differently in each order.
image_scores as (
    select
        images.image_id,
        avg(round(scores.similarity * 1e6)::bigint) as similarity_millionths
    from {{ ref('images') }} as images
    inner join captions on images.scene_id = captions.scene_id
    inner join {{ ref('stg_lake__scores') }} as scores
        on images.sha256 = scores.image_sha256 and captions.text_sha256 = scores.text_sha256
    group by images.image_id
),

audits as (
    select
        image_id,
        rule_id,
        count(*) as n_audited,
        count(*) filter (where is_right) as n_audited_right
    from {{ ref('stg_lake__audits') }}
    group by image_id, rule_id
),

held_out as (
    select
        image_id,
        rule_id,
        count(*) as n_held_out,
        count(*) filter (where is_right) as n_held_out_right
    from {{ ref('stg_lake__held_out') }}
    group by image_id, rule_id
),

said_counts as (
    select
        said.rule_id,
        scenes.source,
        scenes.country,
        count(distinct said.scene_id) as n_scenes,
        count(images.image_id) as n_images,
        round(avg(round(image_scores.similarity_millionths)::bigint) / 1e6, 6)
            as mean_similarity,
        sum(audits.n_audited) as n_audited,
        sum(audits.n_audited_right) as n_audited_right,
        sum(held_out.n_held_out) as n_held_out,
        sum(held_out.n_held_out_right) as n_held_out_right
    from said
    inner join scenes on said.scene_id = scenes.scene_id
    left join {{ ref('images') }} as images on said.scene_id = images.scene_id
    left join image_scores on images.image_id = image_scores.image_id
    left join audits on images.image_id = audits.image_id and said.rule_id = audits.rule_id
    left join held_out
        on images.image_id = held_out.image_id and said.rule_id = held_out.rule_id
    group by all
),

keys as (
    select
        rule_id,
        source,
        coalesce(country, '') as country_or_none,
        country,
        n_objects,
        null::bigint as n_scenes
    from object_counts
    union all by name
    select
        *,
        coalesce(country, '') as country_or_none
    from said_counts
)

select
    rule_id,
    source,
    max(country) as country,
    coalesce(max(n_objects), 0)::bigint as n_objects,
    coalesce(max(n_scenes), 0)::bigint as n_scenes,
    coalesce(max(n_images), 0)::bigint as n_images,
    max(mean_similarity) as mean_similarity,
    coalesce(max(n_audited), 0)::bigint as n_audited,
    round(max(n_audited_right) / nullif(max(n_audited), 0), 6) as audit_accuracy,
    coalesce(max(n_held_out), 0)::bigint as n_held_out,
    round(max(n_held_out_right) / nullif(max(n_held_out), 0), 6) as held_out_accuracy
from keys
group by rule_id, source, country_or_none
