select
    len(string_split(title_multi_objects, ' ')) as value,
    count(*) as n
from shown_captions
inner join judged using (scene_id)
group by all
order by value
