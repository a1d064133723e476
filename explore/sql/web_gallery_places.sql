-- Scenes by id: the published table is sorted by place, and each page would read it whole.
select
    scene_id,
    kind,
    country,
    split
from scenes
order by scene_id
