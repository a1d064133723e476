{{ config(tags=['shard']) }}

-- What of an object can lie in a box: its pieces with their extents.
with areas as (
    select
        object_id,
        'area' as kind,
        piece_id,
        st_xmin(geometry) as west,
        st_ymin(geometry) as south,
        st_xmax(geometry) as east,
        st_ymax(geometry) as north,
        st_area(geometry) as measure
    from {{ ref('int_area_pieces') }}
),

lines as (
    select
        object_id,
        kind,
        piece_id,
        min(least(from_x, to_x)) as west,
        min(least(from_y, to_y)) as south,
        max(greatest(from_x, to_x)) as east,
        max(greatest(from_y, to_y)) as north,
        -- Integers, since a sum of floats depends on its order.
        sum({{ length_units('to_x - from_x', 'to_y - from_y') }}) / 1e15 as measure
    from {{ ref('int_object_edges') }}
    where kind = 'line'
    group by object_id, kind, piece_id
),

points as (
    select
        object_id,
        kind,
        md5_number_lower(object_id) as piece_id,
        st_x(geometry) as west,
        st_y(geometry) as south,
        west as east,
        south as north,
        0.0::double as measure
    from {{ ref('objects') }}
    where kind = 'point' and geometry is not null
),

pieces as (
    select * from areas
    union all by name
    select * from lines
    union all by name
    select * from points
)

select
    *,
    count(*) over (partition by object_id) = 1 as is_whole,
    case
        when count(*) over (partition by object_id) = 1 then measure
        else sum(round(measure * 1e18)::hugeint) over (partition by object_id)::double / 1e18
    end as object_measure,
    st_makeenvelope(west, south, east, north) as extent
from pieces
