select
    scene_id,
    min(image_id) as image_id
from images
where scene_id in (select unnest(cast(getvariable('scenes') as varchar[])))
group by scene_id
