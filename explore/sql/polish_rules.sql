-- The tag rules whose captions the check refuses most often, of those with enough of them.
with spoken as (
    select distinct
        caption_words.rule_id,
        caption_words.scene_id,
        caption_words.style
    from caption_words
    where caption_words.rule_id is not null
)

select
    spoken.rule_id,
    count(*) as n,
    count(*) filter (where len(polished_captions.reasons) > 0) as n_refused,
    count(*) filter (where polished_captions.caption_source = 'template') as n_template,
    count(*) filter (where len(polished_captions.reasons) > 0) / count(*) as share
from polished_captions
inner join spoken
    on
        polished_captions.scene_id = spoken.scene_id
        and polished_captions.style = spoken.style
group by spoken.rule_id
having n_refused > 0
order by share desc, n desc, spoken.rule_id asc
limit 20
