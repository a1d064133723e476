-- The note of a rule is its reason; a hard rule and the classifier have none to show.
with words as (
    select *
    from caption_words
    where
        scene_id = getvariable('scenes')[1]
        and (getvariable('style') is null or style = getvariable('style'))
)

select
    words.style,
    words.caption,
    words.position,
    words.words,
    words.role,
    words.object_id,
    words.key,
    words.value,
    words.rule_id,
    tag_rules.note
from words
left join tag_rules on words.rule_id = tag_rules.rule_id
order by words.style, words.caption, words.position
