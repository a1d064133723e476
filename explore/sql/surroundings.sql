select
    shown_captions.n_surroundings as value,
    count(*) as n
from shown_captions
inner join judged on shown_captions.scene_id = judged.scene_id
where shown_captions.n_surroundings is not null
group by all
order by value
