-- Elements that the file holds more than once: a history, or extracts glued together.
select
    osm_type,
    osm_id
from elements
group by all
having count(*) > 1
order by all
limit 1
