select
    len(string_split(shown_captions.title_multi_objects, ' ')) as value,
    count(*) as n
from shown_captions
inner join judged on shown_captions.scene_id = judged.scene_id
group by all
order by value
