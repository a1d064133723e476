-- Grain: one area to assemble; segments are its edges in one total order.
create table outlines (
    osm_type varchar,
    osm_id bigint,
    n_open bigint,
    segments struct (
        a struct (lon double, lat double), b struct (lon double, lat double)
    )[]
)
