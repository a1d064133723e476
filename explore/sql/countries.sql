-- Scenes, images and pairs by country, those without one last.
with pictured as (
    select
        scene_id,
        count(*) as n
    from images
    group by scene_id
),

paired as (
    select
        scene_id,
        count(distinct image_id) as n
    from training_pairs
    group by scene_id
)

select
    scenes.country,
    count(*) as n_scenes,
    coalesce(sum(pictured.n), 0)::bigint as n_images,
    coalesce(sum(paired.n), 0)::bigint as n_pairs
from scenes
left join pictured on scenes.scene_id = pictured.scene_id
left join paired on scenes.scene_id = paired.scene_id
group by scenes.country
order by scenes.country is null, n_scenes desc, scenes.country asc
limit 40
