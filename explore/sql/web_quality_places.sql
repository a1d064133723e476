-- Scenes and images by source and split.
with pictured as (
    select
        scene_id,
        count(*) as n
    from images
    group by scene_id
)

select
    scenes.source,
    coalesce(scenes.split, 'none') as split,
    count(*) as n_scenes,
    coalesce(sum(pictured.n), 0)::bigint as n_images
from scenes
left join pictured on scenes.scene_id = pictured.scene_id
group by all
order by scenes.source asc, split asc
