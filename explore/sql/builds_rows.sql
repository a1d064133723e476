-- One row for each caption that differs, with the rules whose words came, went or changed.
with rules as (
    select
        scene_id,
        style,
        list(rule_id order by rule_id) filter (where change = 'added') as rules_added,
        list(rule_id order by rule_id) filter (where change = 'lost') as rules_lost,
        list(rule_id order by rule_id) filter (where change = 'changed') as rules_changed
    from changed_words
    group by scene_id, style
)

select
    changed_captions.scene_id,
    changed_captions.style,
    changed_captions.change,
    changed_captions.title_before,
    changed_captions.title_after,
    changed_captions.title_multi_objects_before,
    changed_captions.title_multi_objects_after,
    coalesce(rules.rules_added, []) as rules_added,
    coalesce(rules.rules_lost, []) as rules_lost,
    coalesce(rules.rules_changed, []) as rules_changed
from changed_captions
left join rules
    on
        changed_captions.scene_id = rules.scene_id
        and changed_captions.style = rules.style
