{{ config(tags=['global'], alias='selections') }}

-- Which pairs each named selection keeps; without a scorer it keeps them all.
with images as (
    select image_id from {{ ref('images') }}
),

named as (
    select * from {{ ref('selections') }}
)

select
    named.selection,
    images.image_id,
    null::double as similarity,
    named.scorer is null as kept,
    case when named.scorer is not null then 'not scored' end as why_not
from images
cross join named
