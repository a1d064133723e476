-- The scenes that the question is about.
select
    scene_id,
    object_id
from scenes
where in_box(bbox)
