-- What touches the box of the variables west, south, east and north, and where it lies
-- in the map's projection. A box whose west is east of its east crosses the antimeridian.
create or replace temp macro in_sight(w, s, e, n) as (
    n >= getvariable('south')
    and s <= getvariable('north')
    and case
        when w <= e and getvariable('west') <= getvariable('east')
            then w <= getvariable('east') and e >= getvariable('west')
        when w > e and getvariable('west') > getvariable('east') then true
        else w <= getvariable('east') or e >= getvariable('west')
    end
);

-- Web Mercator ends where it is a square.
create or replace temp macro mercator_x(lon) as lon * 20037508.342789244 / 180;
create or replace temp macro mercator_y(lat) as
    6378137 * ln(tan(pi() / 4 + radians(greatest(-85.05, least(85.05, lat))) / 2));
create or replace temp macro tile_box() as
    st_extent(st_tileenvelope(getvariable('z'), getvariable('x'), getvariable('y')));

-- The scenes of a tile; one over the antimeridian lies at both ends of the map.
create or replace temp macro scenes_in_tile() as table (
    select
        scene_id,
        source,
        split,
        west,
        south,
        east,
        north
    from scenes
    where
        west <= east
        and west <= getvariable('east')
        and east >= getvariable('west')
        and south <= getvariable('north')
        and north >= getvariable('south')
    union all
    select
        scenes.scene_id,
        scenes.source,
        scenes.split,
        scenes.west + ends.shift as west,
        scenes.south,
        scenes.east + 360 + ends.shift as east,
        scenes.north
    from scenes
    cross join (select unnest([0, -360]) as shift) as ends
    where
        scenes.west > scenes.east
        and scenes.west + ends.shift <= getvariable('east')
        and scenes.east + 360 + ends.shift >= getvariable('west')
        and scenes.south <= getvariable('north')
        and scenes.north >= getvariable('south')
);
