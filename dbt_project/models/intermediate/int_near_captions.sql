{{ config(tags=['global']) }}

-- Captions that share most of their pairs of words, by MinHash (Broder, "On the
-- resemblance and containment of documents", 1997): the least of a hash over all pairs is
-- the same in two captions as often as they share pairs. Captions that agree in all of a
-- band's hashes meet, each with the first and with the one before it there, so that the
-- work grows with the captions and not with their square; what meets is compared exactly.
{%- set n_bands, n_rows = 8, 4 %}
{%- set hashes, minima, bands = [], [], [] %}
{%- for n in range(n_bands * n_rows) %}
{%- do hashes.append("md5_number_lower(shingle || ':" ~ n ~ "') as h" ~ n) %}
{%- do minima.append("min(hashed.h" ~ n ~ ") as h" ~ n) %}
{%- endfor %}
{%- for n in range(n_bands) %}
{%- do bands.append("h" ~ range(n * n_rows, n * n_rows + n_rows) | join(", h")) %}
{%- endfor %}
with prefixes as (
    select
        style,
        prefix,
        title_prefix
    from {{ ref('stg_seeds__caption_styles') }}
    where style = '{{ var("caption_styles")[0] }}'
),

captioned as (
    select
        images.image_id,
        captions.title,
        captions.title_multi_objects,
        prefixes.prefix,
        prefixes.title_prefix
    from {{ ref('images') }} as images
    inner join {{ ref('captions') }} as captions on images.scene_id = captions.scene_id
    inner join prefixes on captions.style = prefixes.style
),

-- What all captions begin with tells none from another.
texts as (
    select
        'title' as caption,
        title as text,
        any_value(title_prefix) as prefix,
        min(image_id) as image_id
    from captioned
    group by title
    union all
    select
        'title_multi_objects' as caption,
        title_multi_objects as text,
        any_value(prefix) as prefix,
        min(image_id) as image_id
    from captioned
    group by title_multi_objects
),

split_words as (
    select
        caption,
        image_id,
        regexp_extract_all(
            lower(
                case
                    when starts_with(text, prefix) then substr(text, len(prefix) + 1) else text
                end
            ),
            '[\pL\pN]+'
        ) as words
    from texts
),

shingled as (
    select
        caption,
        image_id,
        list_sort(list_distinct(
            case
                when len(words) < 2 then words
                else list_transform(
                    range(1, len(words)), lambda n : words[n] || ' ' || words[n + 1]
                )
            end
        )) as shingles
    from split_words
),

text_shingles as (
    select
        caption,
        image_id,
        unnest(shingles) as shingle
    from shingled
),

-- Each shingle is hashed once, whatever number of captions hold it.
hashed as (
    select
        shingle,
        {{ hashes | join(',\n        ') }}
    from (select distinct shingle from text_shingles) as shingles
),

least as (
    select
        text_shingles.caption,
        text_shingles.image_id,
        {{ minima | join(',\n        ') }}
    from text_shingles
    inner join hashed on text_shingles.shingle = hashed.shingle
    group by text_shingles.caption, text_shingles.image_id
),

bands as (
    {% for band in range(n_bands) -%}
    select
        caption,
        image_id,
        {{ band }} as band,
        md5(concat_ws(' ', {{ bands[band] }})) as agreed
    from least
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

met as (
    select
        caption,
        image_id,
        unnest([
            first_value(image_id) over in_band,
            lag(image_id) over in_band
        ]) as near_image_id
    from bands
    window in_band as (partition by caption, band, agreed order by image_id)
),

pairs as (
    select distinct
        caption,
        image_id,
        near_image_id
    from met
    where near_image_id < image_id
),

compared as (
    select
        pairs.caption,
        pairs.image_id,
        pairs.near_image_id,
        len(list_intersect(one.shingles, other.shingles)) as n_shared,
        len(one.shingles) + len(other.shingles) - n_shared as n_either
    from pairs
    inner join shingled as one
        on pairs.caption = one.caption and pairs.image_id = one.image_id
    inner join shingled as other
        on pairs.caption = other.caption and pairs.near_image_id = other.image_id
)

select
    caption,
    image_id,
    near_image_id,
    round(1 - n_shared / n_either, 6) as distance
from compared
where n_shared / n_either >= {{ var('near_caption_share') }}
qualify row_number() over (
    partition by caption, image_id order by n_shared / n_either desc, near_image_id asc
) = 1
