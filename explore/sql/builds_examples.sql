-- Kinds of change and sets of rules take turns, so that a frequent change does not hide
-- the others; within one the hash of the scene decides.
with placed as (
    select
        *,
        md5(scene_id) as hash,
        row_number() over (
            partition by change, rules_added, rules_lost, rules_changed
            order by md5(scene_id) asc, scene_id asc, style asc
        ) as turn
    from caption_rows
    where change != 'same_text'
)

select * exclude (hash, turn) -- noqa: RF02
from placed
order by turn asc, change = 'changed' desc, hash asc, scene_id asc, style asc
limit getvariable('most')
