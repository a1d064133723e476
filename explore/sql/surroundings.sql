select
    n_surroundings as value,
    count(*) as n
from shown_captions
inner join judged using (scene_id)
where n_surroundings is not null
group by all
order by value
