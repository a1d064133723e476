select
    scenes.scene_id,
    case
        when objects.osm_type = 'relation' then 'relation'
        else coalesce(objects.kind, scenes.kind)
    end as shape
from scenes
left join objects on scenes.object_id = objects.object_id
