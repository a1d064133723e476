select
    scene_id,
    caption,
    words,
    role,
    key,
    value,
    rule_id
from caption_words
where
    style = getvariable('style')
    and scene_id in (select unnest(cast(getvariable('scenes') as varchar[])))
order by scene_id, caption, position
