-- A scene counts once for a tag; n_focus are the scenes whose focus object has it.
select
    concat(shown_words.key, '=', shown_words.value) as label,
    count(distinct shown_words.scene_id) as n,
    count(distinct case when shown_words.role = 'focus' then shown_words.scene_id end) as n_focus
from shown_words
inner join judged on shown_words.scene_id = judged.scene_id
where shown_words.caption = 'title_multi_objects' and shown_words.key is not null
group by shown_words.key, shown_words.value
order by n desc, label asc
limit 30
