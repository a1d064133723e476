-- Grain: one way of an area that st_buildarea gets wrong.
create table tangled_parts as
select parts.*
from parts
inner join built on parts.osm_type = built.osm_type and parts.osm_id = built.osm_id
where not built.is_exact
