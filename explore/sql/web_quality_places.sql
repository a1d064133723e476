-- Scenes and images by source and split.
with pictured as (
    select
        scenes.source,
        scenes.split,
        count(*) as n
    from images
    inner join scenes on images.scene_id = scenes.scene_id
    group by scenes.source, scenes.split
),

placed as (
    select
        source,
        split,
        count(*) as n
    from scenes
    group by source, split
)

select
    placed.source,
    coalesce(placed.split, 'none') as split,
    placed.n as n_scenes,
    coalesce(pictured.n, 0) as n_images
from placed
left join pictured
    on placed.source = pictured.source and placed.split is not distinct from pictured.split
order by placed.source asc, split asc
