-- Each set of facts of one caption style, and how many scenes have it. What most scenes
-- share comes first, so that a limit buys the most.
with wanted as (
    select
        scene_facts.facts_digest,
        scene_facts.facts,
        scene_facts.scene_id
    from scene_facts
    where
        scene_facts.style = getvariable('style')
        and (
            getvariable('all_scenes')
            or scene_facts.scene_id in (select images.scene_id from images)
        )
)

select
    facts_digest,
    any_value(facts) as facts,
    count(*) as n_scenes
from wanted
group by facts_digest
order by n_scenes desc, facts_digest asc
