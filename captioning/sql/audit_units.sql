-- Image-tag pairs of one selection and style, each with its stratum: the source, and how
-- many of the selection's images say the tag.
with pairs as (
    select
        image_id,
        scene_id,
        source
    from training_pairs
    where selection = getvariable('selection') and style = getvariable('style')
),

said as (
    select
        pairs.image_id,
        pairs.scene_id,
        pairs.source,
        caption_words.key,
        caption_words.value,
        arg_min(trim(caption_words.words), caption_words.position) as words,
        arg_min(caption_words.role, caption_words.position) as role,
        arg_min(caption_words.object_id, caption_words.position) as object_id,
        arg_min(caption_words.rule_id, caption_words.position) as rule_id
    from pairs
    inner join caption_words on pairs.scene_id = caption_words.scene_id
    where
        caption_words.style = getvariable('style')
        and caption_words.caption = 'title_multi_objects'
        and caption_words.key is not null
    group by all
),

counted as (
    select
        *,
        count(*) over (partition by key, value) as n_images
    from said
)

select
    * exclude (n_images),
    source || case
        when n_images < 10 then ', fewer than 10 images'
        when n_images < 100 then ', 10 to 99 images'
        when n_images < 1000 then ', 100 to 999 images'
        else ', 1000 images or more'
    end as stratum,
    md5(concat_ws(chr(10), getvariable('seed'), image_id, key, value)) as turn
from counted
