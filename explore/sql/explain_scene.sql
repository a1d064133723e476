select
    scenes.scene_id,
    scenes.object_id,
    scenes.source,
    scenes.kind,
    scenes.gsd_m,
    scenes.width_px,
    scenes.height_px,
    scenes.west,
    scenes.south,
    scenes.east,
    scenes.north,
    scenes.split,
    scenes.osm_snapshot,
    coalesce(sources.drawn, false) as drawn,
    coalesce(
        (
            select list({'image_id': images.image_id, 'filepath': images.filepath}
                order by images.image_id)
            from images
            where images.scene_id = getvariable('scenes')[1]
        ),
        []
    ) as images
from scenes
left join sources on scenes.source = sources.source
where scenes.scene_id = getvariable('scenes')[1]
