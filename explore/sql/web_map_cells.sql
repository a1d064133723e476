-- The scenes of a tile, counted in the cells of a grid: a scene counts where its middle
-- is, so in one tile only. A cell's dot lies at the mean of those places.
with middles as (
    select
        mark,
        (west + east) / 2 as lon,
        (south + north) / 2 as lat
    from marked_scenes()
),

-- What lies beyond the end of the projection is shown at its edge.
placed as (
    select
        mark,
        (lon - getvariable('tile_west')) / (getvariable('tile_east') - getvariable('tile_west'))
            as x,
        greatest(0, least(
            (st_ymax(tile_box()) - mercator_y(lat))
            / (st_ymax(tile_box()) - st_ymin(tile_box())),
            0.9999999
        )) as y
    from middles
    where
        lon >= getvariable('tile_west')
        and lon < getvariable('tile_east')
        and lat > getvariable('tile_south')
        and lat <= getvariable('tile_north')
),

celled as (
    select
        mark,
        cast(floor(x * 4096) as integer) as x,
        cast(floor(y * 4096) as integer) as y,
        cast(floor(x * getvariable('cells')) as integer) as column_of,
        cast(floor(y * getvariable('cells')) as integer) as row_of
    from placed
),

counted as (
    select
        column_of,
        row_of,
        st_point(sum(x) // count(*), sum(y) // count(*)) as geom,
        cast(count(*) as integer) as n,
        if(min(mark) = max(mark), min(mark), 'mixed') as mark
    from celled
    group by column_of, row_of
)

select
    st_asmvt(
        {'geom': geom, 'n': n, 'mark': mark}, 'cells', 4096, 'geom'
        order by row_of, column_of
    ) as tile
from counted
having count(*) > 0
