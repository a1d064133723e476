-- Grain: one way that has tags or a part in an area; places are in the way's order.
create table paths (
    way_id bigint,
    n_nodes bigint,
    n_found bigint,
    is_dot boolean,
    is_ring boolean,
    places struct (lon double, lat double)[]
)
