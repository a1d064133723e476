select
    style,
    title,
    title_multi_objects
from captions
where
    scene_id = getvariable('scenes')[1]
    and (getvariable('style') is null or style = getvariable('style'))
order by style
