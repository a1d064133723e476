select
    scene_id,
    style,
    caption,
    words,
    role,
    object_id
from caption_words
where
    rule_id = getvariable('rule')
    and scene_id in (select rule_scenes.scene_id from rule_scenes)
