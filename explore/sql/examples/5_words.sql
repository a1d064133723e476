-- What gave each word of one caption?
select
    caption,
    position,
    words,
    role,
    object_id,
    key,
    value,
    rule_id
from caption_words
where scene_id = (select min(scene_id) from caption_words)
order by caption, position
