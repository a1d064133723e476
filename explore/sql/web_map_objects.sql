-- The objects of a tile that span enough of it, at most so many, the widest first:
-- far out, what is smaller than a pixel would only cost. Points show from near.
with seen as (
    select
        object_id,
        kind,
        bbox,
        geometry,
        greatest(bbox.xmax - bbox.xmin, bbox.ymax - bbox.ymin) as span
    from objects
    where
        geometry is not null
        and bbox.xmin <= getvariable('east')
        and bbox.xmax >= getvariable('west')
        and bbox.ymin <= getvariable('north')
        and bbox.ymax >= getvariable('south')
        and (
            (kind = 'point' and getvariable('points'))
            or greatest(bbox.xmax - bbox.xmin, bbox.ymax - bbox.ymin)
            >= getvariable('least')
        )
),

chosen as (
    select
        object_id,
        kind,
        case
            when bbox.ymin < -85.05 or bbox.ymax > 85.05
                then st_intersection(geometry, st_makeenvelope(-180, -85.05, 180, 85.05))
            else geometry
        end as geometry
    from seen
    order by span desc, object_id asc
    limit getvariable('most')
),

drawn as (
    select
        object_id,
        kind,
        st_asmvtgeom(
            st_simplify(
                st_transform(st_setcrs(geometry, 'OGC:CRS84'), 'EPSG:3857'),
                (st_xmax(tile_box()) - st_xmin(tile_box())) / 2048
            ),
            tile_box(), 4096, 64, true
        ) as geom
    from chosen
)

select
    st_asmvt(
        {'geom': geom, 'object_id': object_id, 'kind': kind}, 'objects', 4096, 'geom'
        order by object_id
    ) as tile
from drawn
where geom is not null and not st_isempty(geom)
having count(*) > 0
