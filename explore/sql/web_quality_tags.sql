-- Images whose title says a tag of the focus, by tag and split.
with said as (
    select distinct
        scene_id,
        key,
        value
    from caption_words
    where
        style in (select first_style.style from first_style)
        and caption = 'title'
        and role = 'focus'
        and key is not null
),

pictured as (
    select
        images.scene_id,
        scenes.split,
        count(*) as n
    from images
    left join scenes on images.scene_id = scenes.scene_id
    group by images.scene_id, scenes.split
)

select
    said.key,
    said.value,
    sum(pictured.n)::bigint as n,
    coalesce(sum(pictured.n) filter (where pictured.split = 'train'), 0)::bigint as train,
    coalesce(sum(pictured.n) filter (where pictured.split = 'val'), 0)::bigint as val,
    coalesce(sum(pictured.n) filter (where pictured.split = 'test'), 0)::bigint as test,
    coalesce(sum(pictured.n) filter (where pictured.split = 'gap'), 0)::bigint as gap
from said
inner join pictured on said.scene_id = pictured.scene_id
group by said.key, said.value
