-- The boxes of a tile's scenes.
with drawn as (
    select
        scene_id,
        mark,
        west,
        st_asmvtgeom(
            st_makeenvelope(
                mercator_x(west), mercator_y(south), mercator_x(east), mercator_y(north)
            ),
            tile_box(), 4096, 64, true
        ) as geom
    from marked_scenes()
)

select
    st_asmvt(
        {'geom': geom, 'scene_id': scene_id, 'mark': mark}, 'boxes', 4096, 'geom'
        order by scene_id, west
    ) as tile
from drawn
where geom is not null and not st_isempty(geom)
having count(*) > 0
