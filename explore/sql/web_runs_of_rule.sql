-- Captions in which one rule came, went or says something else; kinds of change take
-- turns, and within one the hash of the scene decides.
with placed as (
    select
        *,
        row_number() over (
            partition by change
            order by md5(scene_id) asc, scene_id asc, style asc
        ) as turn
    from caption_rows
    where
        list_contains(rules_added, getvariable('rule'))
        or list_contains(rules_lost, getvariable('rule'))
        or list_contains(rules_changed, getvariable('rule'))
)

select * exclude (turn) -- noqa: RF02
from placed
order by turn asc, change asc, scene_id asc, style asc
limit getvariable('most')
