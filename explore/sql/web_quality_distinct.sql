select
    count(*) as n_images,
    count(distinct captions.title) as n_titles,
    count(distinct captions.title_multi_objects) as n_captions
from images
inner join captions on images.scene_id = captions.scene_id
where captions.style in (select first_style.style from first_style)
