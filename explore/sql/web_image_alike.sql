-- The images whose vectors are nearest to that of one image.
with mine as (
    select
        sha256
    from images
    where image_id = getvariable('image')
),

wanted as (
    select min(vector) as vector
    from embeddings
    where
        kind = 'image'
        and model = getvariable('model')
        and content_sha256 in (select mine.sha256 from mine)
),

likened as (
    select
        embeddings.content_sha256,
        max(round(list_inner_product(embeddings.vector, wanted.vector), 4)) as similarity
    from embeddings
    cross join wanted
    where embeddings.kind = 'image' and embeddings.model = getvariable('model')
    group by embeddings.content_sha256
),

ranked as (
    select
        images.image_id,
        images.scene_id,
        images.source,
        likened.similarity
    from images
    inner join likened on images.sha256 = likened.content_sha256
    where images.image_id != getvariable('image')
    order by likened.similarity desc, images.image_id asc
    limit getvariable('most')
)

select
    ranked.image_id,
    ranked.source,
    ranked.similarity as how,
    shown_captions.title
from ranked
left join shown_captions on ranked.scene_id = shown_captions.scene_id
order by ranked.similarity desc, ranked.image_id asc
