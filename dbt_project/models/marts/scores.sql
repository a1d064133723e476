{{ config(tags=['shard']) }}

-- Scores by content meet the images and the captions that have this content now.
with captions as (
    select
        scene_id,
        style,
        'title' as caption,
        sha256(title) as text_sha256
    from {{ ref('captions') }}
    union all
    select
        scene_id,
        style,
        'title_multi_objects' as caption,
        sha256(title_multi_objects) as text_sha256
    from {{ ref('captions') }}
    union all
    select
        scene_id,
        style,
        'polished' as caption,
        sha256(polished) as text_sha256
    from {{ ref('polished_captions') }}
),

images as (
    select
        image_id,
        scene_id,
        sha256 as image_sha256
    from {{ ref('images') }}
),

scored as (
    select * from {{ ref('stg_lake__scores') }}
)

select
    ---------- ids
    images.image_id,
    images.scene_id,
    captions.style,
    captions.caption,
    scored.model,
    ---------- content
    images.image_sha256,
    captions.text_sha256,
    ---------- numbers
    -- Whoever scored a pair twice.
    max(scored.similarity) as similarity
from images
inner join captions on images.scene_id = captions.scene_id
inner join scored
    on
        images.image_sha256 = scored.image_sha256
        and captions.text_sha256 = scored.text_sha256
group by
    images.image_id,
    images.scene_id,
    captions.style,
    captions.caption,
    scored.model,
    images.image_sha256,
    captions.text_sha256
