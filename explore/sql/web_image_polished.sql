-- What a language model made of a scene, and what publishers wrote of it.
with polished as (
    select
        polished_captions.style,
        polished_captions.polished as text,
        polished_captions.caption_source,
        polished_captions.reasons,
        polished_captions.model,
        polished_captions.prompt,
        scene_facts.facts
    from polished_captions
    left join scene_facts
        on
            polished_captions.scene_id = scene_facts.scene_id
            and polished_captions.style = scene_facts.style
            and polished_captions.facts_digest = scene_facts.facts_digest
    where polished_captions.scene_id = getvariable('scene')
)

select *
from polished
order by style, model
