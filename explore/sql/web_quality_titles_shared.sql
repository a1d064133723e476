-- Each title, with how many images share it, from how many sources, and how many of them
-- have a caption with surroundings.
select
    captions.title,
    count(*) as n_images,
    count(distinct images.source) as n_sources,
    count(captions.title_multi_objects) as n_captions
from images
inner join captions on images.scene_id = captions.scene_id
where captions.style in (select first_style.style from first_style)
group by captions.title
