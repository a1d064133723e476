-- The captions that differ between two builds. One whose text is the same may still be
-- given by other rules, or by rules that were edited.
with before as (
    select
        scene_id,
        style,
        title,
        title_multi_objects,
        rules_digest
    from captions_before
),

after as (
    select
        scene_id,
        style,
        title,
        title_multi_objects,
        rules_digest
    from captions_after
),

compared as (
    select
        scene_id,
        style,
        before.title as title_before,
        after.title as title_after,
        before.title_multi_objects as title_multi_objects_before,
        after.title_multi_objects as title_multi_objects_after,
        before.rules_digest as digest_before,
        after.rules_digest as digest_after,
        before.rules_digest is null as is_added,
        after.rules_digest is null as is_lost
    from before
    full join after using (scene_id, style)
)

select
    scene_id,
    style,
    case
        when is_added then 'added'
        when is_lost then 'lost'
        when
            title_before is distinct from title_after
            or title_multi_objects_before is distinct from title_multi_objects_after
            then 'changed'
        else 'same_text'
    end as change,
    title_before,
    title_after,
    title_multi_objects_before,
    title_multi_objects_after
from compared
where
    is_added or is_lost
    or title_before is distinct from title_after
    or title_multi_objects_before is distinct from title_multi_objects_after
    or digest_before is distinct from digest_after
