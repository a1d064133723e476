-- How many images has each country, source and split?
select
    scenes.country,
    images.source,
    scenes.split,
    count(*) as n_images
from images
inner join scenes on images.scene_id = scenes.scene_id
group by all
order by n_images desc, images.source asc, scenes.split asc
