-- Grain: one area to assemble. Its outline is the steps that are walked an odd number of
-- times, its edges (their length is in degrees); rings close if and only if an even number of those meets at every place.
create table outlines (
    osm_type varchar,
    osm_id bigint,
    n_steps bigint,
    n_edges bigint,
    edges_length double,
    n_open bigint
)
