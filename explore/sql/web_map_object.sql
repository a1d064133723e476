-- One object for the map's panel. Where a source draws its pixels, the town under it may
-- be drawn as well, and OpenStreetMap would show something else by that number.
select
    object_id,
    kind,
    coalesce(map_entries(tags), []) as tags,
    snapshot,
    exists (select 1 from sources where sources.drawn) as drawn,
    (
        select list(scenes.scene_id order by scenes.scene_id)
        from scenes
        where scenes.object_id = getvariable('object')
    ) as scenes
from objects
where object_id = getvariable('object')
limit 1
