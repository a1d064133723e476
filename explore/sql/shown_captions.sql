select
    scene_id,
    title,
    title_multi_objects,
    n_surroundings
from captions
where style in (select shown_style.style from shown_style)
