{{ config(tags=['global']) }}

-- Vectors of what is published: those of images and captions that are gone stay behind.
with images as (
    select distinct sha256 as content_sha256 from {{ ref('images') }}
),

captions as (
    select
        title,
        title_multi_objects
    from {{ ref('captions') }}
),

polished as (
    select polished from {{ ref('polished_captions') }}
),

texts as (
    select sha256(title) as content_sha256 from captions
    union distinct
    select sha256(title_multi_objects) as content_sha256 from captions
    union distinct
    select sha256(polished) as content_sha256 from polished
),

contents as (
    select
        content_sha256,
        'image' as kind
    from images
    union all
    select
        content_sha256,
        'text' as kind
    from texts
),

vectors as (
    select * from {{ ref('stg_lake__embeddings') }}
)

select
    vectors.content_sha256,
    vectors.kind,
    vectors.model,
    -- Whoever wrote a vector twice.
    min(vectors.vector) as vector
from vectors
inner join contents
    on vectors.content_sha256 = contents.content_sha256 and vectors.kind = contents.kind
group by vectors.content_sha256, vectors.kind, vectors.model
