-- An image is explained through its scene.
select scene_id
from images
where image_id = getvariable('id')
union
select scene_id
from scenes
where scene_id = getvariable('id')
