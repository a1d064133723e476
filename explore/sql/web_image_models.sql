-- The models that have a vector of the image, and how many images each has one of.
with mine as (
    select distinct embeddings.model
    from embeddings
    where
        embeddings.kind = 'image'
        and embeddings.content_sha256 in (
            select images.sha256 from images
            where images.image_id = getvariable('image')
        )
)

select
    embeddings.model as name,
    count(*) as n
from embeddings
where embeddings.kind = 'image' and embeddings.model in (select mine.model from mine)
group by embeddings.model
order by name
