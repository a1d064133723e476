-- The images of a page by their ids, in that order; OSM's type is the letter of the id.
with shown as (
    select
        images.image_id,
        images.scene_id,
        images.object_id,
        images.source,
        images.filepath,
        images.west,
        images.south,
        images.east,
        images.north,
        images.crs,
        images.transform,
        images.width_px,
        images.height_px,
        images.gsd_x_m,
        images.gsd_y_m,
        images.acquired,
        images.acquired_precision,
        images.drawn
    from images
    where images.image_id in (select unnest(cast(getvariable('ids') as varchar[])))
),

placed as (
    select
        scenes.scene_id,
        scenes.kind,
        scenes.country,
        scenes.split
    from gallery.scenes
    where scenes.scene_id in (select shown.scene_id from shown)
),

said as (
    select
        captions.scene_id,
        captions.title,
        captions.title_multi_objects
    from captions
    where
        captions.style = getvariable('style')
        and captions.scene_id in (select shown.scene_id from shown)
),

chosen as (
    select
        selections.image_id,
        selections.similarity,
        selections.kept,
        selections.why_not
    from selections
    where
        selections.selection = getvariable('selection')
        and selections.image_id in (select unnest(cast(getvariable('ids') as varchar[])))
)

select
    shown.*,
    placed.split,
    case left(shown.object_id, 1)
        when 'n' then 'node'
        when 'w' then 'way'
        when 'a' then 'way'
        when 'r' then 'relation'
    end as osm_type,
    try_cast(substr(shown.object_id, 2) as bigint) as osm_id,
    coalesce(placed.kind, 'unknown') as shape,
    said.title,
    said.title_multi_objects,
    placed.country,
    chosen.similarity,
    chosen.kept,
    chosen.why_not
from shown
left join placed on shown.scene_id = placed.scene_id
left join said on shown.scene_id = said.scene_id
left join chosen on shown.image_id = chosen.image_id
order by list_position(cast(getvariable('ids') as varchar[]), shown.image_id)
