-- What each rule says in each caption that differs, before and after. The caption with
-- the surroundings holds what the other says too.
with before as (
    select
        scene_id,
        style,
        rule_id,
        list(words order by position) as words
    from words_before
    where
        caption = 'title_multi_objects'
        and rule_id is not null
        and scene_id in (select changed_captions.scene_id from changed_captions)
    group by scene_id, style, rule_id
),

after as (
    select
        scene_id,
        style,
        rule_id,
        list(words order by position) as words
    from words_after
    where
        caption = 'title_multi_objects'
        and rule_id is not null
        and scene_id in (select changed_captions.scene_id from changed_captions)
    group by scene_id, style, rule_id
)

select
    scene_id,
    style,
    rule_id,
    case
        when before.words is null then 'added'
        when after.words is null then 'lost'
        else 'changed'
    end as change
from before
full join after using (scene_id, style, rule_id)
where before.words is distinct from after.words
