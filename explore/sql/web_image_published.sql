select
    caption,
    text,
    dataset,
    file
from published_captions
where scene_id = getvariable('scene')
order by dataset, caption
