-- A scene counts once for a tag; n_focus are the scenes whose focus object has it.
select
    concat(shown_words.key, '=', shown_words.value) as label,
    count(distinct scene_id) as n,
    count(distinct case when shown_words.role = 'focus' then scene_id end) as n_focus
from shown_words
inner join judged using (scene_id)
where shown_words.caption = 'title_multi_objects' and shown_words.key is not null
group by shown_words.key, shown_words.value
order by n desc, label
limit 30
