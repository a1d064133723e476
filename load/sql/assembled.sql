-- Grain: one area with closed rings that encloses anything.
create table assembled as
with
shaped as (
    select
        built.osm_type,
        built.osm_id,
        if(built.is_exact, built.shape, untangled.shape) as shape
    from built
    left join untangled
        on built.osm_type = untangled.osm_type and built.osm_id = untangled.osm_id
),

repaired as (
    select
        * exclude (shape),
        -- A repair may leave lines and points beside the polygons: those go.
        if(
            st_isvalid(shape), shape, st_collectionextract(st_makevalid(shape), 3)
        )::geometry as shape
    from shaped
)

select *
from repaired
where not st_isempty(shape)
