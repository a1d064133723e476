{{ config(tags=['shard']) }}

-- What the surroundings of a scene are made from: its box, its focus, and the
-- snapshots whose objects may lie in it. Where the fingerprint stays, so do they.
select
    scene_id,
    object_id,
    west,
    south,
    east,
    north,
    width_px,
    height_px,
    geometry,
    starts_with(osm_snapshot, 'import:') as is_imported,
    md5_number_lower(concat_ws(
        ' ', scene_id, box_id, width_px, height_px, osm_digest,
        '{{ code_digest([
            "objects", "int_area_pieces", "int_object_edges", "int_object_pieces", "scene_objects",
            "int_imported_scene_objects"
        ]) }}'
    )) as fingerprint
from {{ ref('scenes') }}
