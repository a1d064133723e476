select
    scene_id,
    caption,
    words,
    role,
    key,
    value,
    rule_id
from shown_words
where scene_id in (select unnest(cast(getvariable('scenes') as varchar[])))
order by scene_id, caption, position
