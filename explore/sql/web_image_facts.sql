-- The rest of what is known of one image, and the images before and after it by name.
select
    images.request_id,
    images.box_id,
    images.sha256,
    images.n_bytes,
    images.osm_snapshot,
    images.osm_age_days,
    images.edit_age_days,
    images.valid_fraction,
    images.source_image_ids,
    images.recipe,
    images.license,
    images.attribution,
    sources.name as source_name,
    sources.kind as source_kind,
    sources.view,
    scenes.country,
    scenes.quadkey,
    scenes.kind as scene_kind,
    scenes.gsd_m as scene_gsd_m,
    scenes.offset_x_m,
    scenes.offset_y_m,
    objects.osm_version,
    objects.osm_timestamp,
    objects.region,
    objects.snapshot_date,
    (select max(image_id) from images where image_id < getvariable('image')) as previous,
    (select min(image_id) from images where image_id > getvariable('image')) as next
from images
left join sources on images.source = sources.source
left join scenes on images.scene_id = scenes.scene_id
left join objects on images.object_id = objects.object_id
where images.image_id = getvariable('image')
limit 1
