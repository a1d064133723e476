{{ config(tags=['global'], alias='selections') }}

-- Which pairs each named selection keeps; without a scorer it keeps all whose map is as
-- old as the picture, where that is asked for.
with images as (
    select
        image_id,
        {{ var('max_edit_age_days') }} > 0
        and coalesce(abs(edit_age_days), 2147483647) > {{ var('max_edit_age_days') }}
            as is_far_from_edit
    from {{ ref('images') }}
),

named as (
    select * from {{ ref('selections') }}
)

select
    named.selection,
    images.image_id,
    null::double as similarity,
    named.scorer is null and not images.is_far_from_edit as kept,
    case
        when images.is_far_from_edit
            then 'last edit over {{ var("max_edit_age_days") }} days from the image, or unknown'
        when named.scorer is not null then 'not scored'
    end as why_not
from images
cross join named
