{{ config(tags=['global']) }}

-- Images and captions that come again. Each is held against the least image_id of those
-- that are the same; a near one against the nearest that comes before it.
with captions as (
    select
        scene_id,
        title,
        title_multi_objects
    from {{ ref('captions') }}
    where style = '{{ var("caption_styles")[0] }}'
),

images as (
    select
        images.image_id,
        images.sha256,
        looks.phash,
        -- The same file has the same hash, where it has one.
        coalesce(looks.phash::varchar, images.sha256) as look,
        captions.title,
        captions.title_multi_objects
    from {{ ref('images') }} as images
    left join {{ ref('stg_lake__image_hashes') }} as looks
        on images.sha256 = looks.image_sha256
    left join captions on images.scene_id = captions.scene_id
),

grouped as (
    select
        image_id,
        phash,
        min(image_id) over (partition by sha256) as first_of_file,
        min(image_id) over (partition by look) as first_of_look,
        count(*) over (partition by look) as n_alike
    from images
),

same_images as (
    select
        'image' as what,
        image_id,
        case when image_id != first_of_file then 'same_file' else 'same_hash' end as how,
        case when image_id != first_of_file then first_of_file else first_of_look end
            as duplicate_of,
        0::double as distance,
        n_alike
    from grouped
    where image_id != first_of_look
),

firsts as (
    select
        image_id,
        phash
    from grouped
    where image_id = first_of_look
),

neighbours as (
    {{ near_hashes_both_ways() }}
),

near_images as (
    select
        'image' as what,
        firsts.image_id,
        'near' as how,
        others.image_id as duplicate_of,
        neighbours.distance::double as distance,
        null::bigint as n_alike
    from firsts
    inner join neighbours on firsts.phash = neighbours.phash
    inner join firsts as others on neighbours.near_phash = others.phash
    where others.image_id < firsts.image_id
    qualify row_number() over (
        partition by firsts.image_id order by neighbours.distance, others.image_id
    ) = 1
),

same_captions as (
    {% for caption in ('title', 'title_multi_objects') -%}
    select
        '{{ caption }}' as what,
        image_id,
        'same_text' as how,
        min(image_id) over (partition by {{ caption }}) as duplicate_of,
        0::double as distance,
        count(*) over (partition by {{ caption }}) as n_alike
    from images
    where {{ caption }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

near_captions as (
    select
        caption as what,
        image_id,
        'near' as how,
        near_image_id as duplicate_of,
        distance,
        null::bigint as n_alike
    from {{ ref('int_near_captions') }}
)

select * from same_images
union all
select * from near_images
union all
select * from same_captions
where image_id != duplicate_of
union all
select * from near_captions
