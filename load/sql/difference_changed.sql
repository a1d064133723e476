-- Grain: one element that is an object of either snapshot, and not the same one in both.
-- Elements are matched, not object ids: a way has one id as a line and another as an area.
create table changed as
select
    coalesce(after.object_id, before.object_id) as object_id,
    coalesce(after.osm_type, before.osm_type) as osm_type,
    coalesce(after.osm_id, before.osm_id) as osm_id,
    before.kind as kind_before,
    after.kind as kind_after,
    before.tags as tags_before,
    after.tags as tags_after,
    before.osm_version as version_before,
    after.osm_version as version_after,
    coalesce(after.bbox, before.bbox) as bbox,
    -- Without the CRS, which is part of the type and in the way of the functions.
    before.geometry::geometry as geometry_before,
    after.geometry::geometry as geometry_after
from before
full join after on before.osm_type = after.osm_type and before.osm_id = after.osm_id
where
    before.kind is distinct from after.kind
    -- The order of tags in a file says nothing.
    or list_sort(map_entries(before.tags)) is distinct from list_sort(map_entries(after.tags))
    or before.geometry is distinct from after.geometry
