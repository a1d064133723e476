select
    scene_id,
    caption,
    position,
    words,
    role,
    object_id,
    key,
    value,
    rule_id
from caption_words
where style in (select shown_style.style from shown_style)
