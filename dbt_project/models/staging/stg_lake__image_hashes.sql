with source as (
    select * from {{ source('lake', 'image_hashes') }}
)

-- An image that cannot be read has a row without a hash. Tools may disagree.
select
    image_sha256,
    max(phash) as phash
from source
where phash is not null
group by image_sha256
