-- Which tags stand in captions most often?
select
    key,
    value,
    count(distinct scene_id) as scenes
from caption_words
where key is not null
group by key, value
order by scenes desc, key asc, value asc
limit 50
