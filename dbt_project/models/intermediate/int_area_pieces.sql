{{ config(tags=['shard']) }}

-- Areas in pieces of at most 64 points, quartered as often as that takes, so that what
-- a box shows of a large one costs little.
with recursive quarters as (
    select
        unnest([0.0, 0.5, 0.0, 0.5]) as left_share,
        unnest([0.0, 0.0, 0.5, 0.5]) as bottom_share,
        unnest([1, 2, 3, 4]) as quarter
),

pieces as (
    select
        object_id,
        geometry,
        0::bigint as piece,
        0 as depth
    from {{ ref('objects') }}
    where kind = 'area' and geometry is not null
    union all
    select
        large.object_id,
        st_collectionextract(
            st_intersection(
                large.geometry,
                st_makeenvelope(
                    large.west + quarters.left_share * large.span_x,
                    large.south + quarters.bottom_share * large.span_y,
                    large.west + (quarters.left_share + 0.5) * large.span_x,
                    large.south + (quarters.bottom_share + 0.5) * large.span_y
                )
            ),
            3
        ) as geometry,
        large.piece * 4 + quarters.quarter as piece,
        large.depth + 1 as depth
    from (
        select
            *,
            st_xmin(geometry) as west,
            st_ymin(geometry) as south,
            st_xmax(geometry) - st_xmin(geometry) as span_x,
            st_ymax(geometry) - st_ymin(geometry) as span_y
        from pieces
        -- 24 quarterings lead to what is smaller than a coordinate's own step.
        where st_npoints(geometry) > 64 and depth < 24
    ) as large
    cross join quarters
)

select
    object_id,
    md5_number_lower(object_id || ':' || piece) as piece_id,
    geometry
from pieces
where (st_npoints(geometry) <= 64 or depth = 24) and not st_isempty(geometry)
