-- Grain: one area whose rings all close. What an odd number of edges separates from the
-- outside has exactly the edges as its boundary: all of their length, one point for each
-- edge, and one more for each ring. st_buildarea misses that where edges cross between
-- nodes, where holes that touch form a chain, and where rings share edges; some such
-- outlines it refuses.
create table built (
    osm_type varchar,
    osm_id bigint,
    shape geometry,
    is_exact boolean
)
