-- The best pair of each tag that captions say, of focus and surroundings. The caption
-- with the surroundings holds what the other says too.
with best_of_scene as (
    select
        scene_id,
        max(similarity) as best
    from cut_pairs
    group by scene_id
)

select
    caption_words.key,
    caption_words.value,
    max(best_of_scene.best) as best,
    count(*) as n
from caption_words
inner join best_of_scene on caption_words.scene_id = best_of_scene.scene_id
where
    caption_words.style in (select first_style.style from first_style)
    and caption_words.caption = 'title_multi_objects'
    and caption_words.key is not null
group by caption_words.key, caption_words.value
order by n desc, caption_words.key asc, caption_words.value asc
