-- Held-out images with their caption, of one style.
select
    images.image_id,
    images.filepath,
    captions.title_multi_objects as caption
from images
inner join scenes on images.scene_id = scenes.scene_id
inner join captions on images.scene_id = captions.scene_id
where
    list_contains(getvariable('splits'), scenes.split)
    and captions.style = getvariable('style')
order by images.image_id
