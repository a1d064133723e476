{{ config(tags=['global']) }}

{%- set cell_px = 64 * var('max_px') %}
{%- set mitred = "1, 'CAP_FLAT', 'JOIN_MITRE', 5.0" %}

-- Where a chip may lie: what the images on one lattice of pixels cover together, cut
-- into cells that overlap by more than a box, so that a box that lies in the imagery
-- lies in a piece of it.
with images as (
    select distinct
        footprints.source,
        sources.gsd_m,
        footprints.kind,
        footprints.crs,
        footprints.transform[1] as step_x,
        footprints.transform[5] as step_y,
        footprints.scale_min,
        footprints.scale_max,
        -- Where pixels begin, as a share of one.
        round(
            footprints.transform[3] / step_x - floor(footprints.transform[3] / step_x), 2
        ) % 1 as phase_x,
        round(
            footprints.transform[6] / step_y - floor(footprints.transform[6] / step_y), 2
        ) % 1 as phase_y,
        greatest(footprints.gsd_x_m, footprints.gsd_y_m) as pixel_m,
        unnest(st_dump(footprints.geometry)).geom as geometry
    from {{ ref('stg_lake__footprints') }} as footprints
    inner join {{ ref('sources') }} as sources on footprints.source = sources.source
    where footprints.is_eligible
),

measured as (
    select
        *,
        least(greatest(abs(st_ymin(geometry)), abs(st_ymax(geometry))), 85) as far_lat,
        -- Images are drawn a pixel inside their edge: what is nearer is no gap.
        1.2 * pixel_m / {{ metres_per_degree_lon('far_lat') }} as gap,
        {{ cell_px }} * gsd_m / 110000 as cell,
        1.1 * {{ var('max_px') }} * gsd_m / 110000 as reach_lat,
        1.1 * {{ var('max_px') }} * gsd_m / {{ metres_per_degree_lon('far_lat') }}
            as reach_lon
    from images
),

cols as (
    select
        *,
        unnest(range(
            floor((st_xmin(geometry) - reach_lon) / cell)::bigint,
            floor(st_xmax(geometry) / cell)::bigint + 1
        )) as cell_x
    from measured
),

cells as (
    select
        *,
        unnest(range(
            floor((st_ymin(geometry) - reach_lat) / cell)::bigint,
            floor(st_ymax(geometry) / cell)::bigint + 1
        )) as cell_y
    from cols
),

joined as (
    select
        source,
        st_makeenvelope(
            cell_x * any_value(cell),
            cell_y * any_value(cell),
            (cell_x + 1) * any_value(cell) + max(reach_lon),
            (cell_y + 1) * any_value(cell) + max(reach_lat)
        ) as cell_box,
        case
            when count(*) = 1 then any_value(geometry)
            else st_buffer(
                st_union_agg(st_buffer(geometry, gap, {{ mitred }})), -max(gap), {{ mitred }}
            )
        end as geometry
    from cells
    group by
        source, kind, crs, step_x, step_y, scale_min, scale_max, phase_x, phase_y, cell_x, cell_y
),

pieces as (
    select
        source,
        case
            when st_within(geometry, cell_box) then geometry
            else st_intersection(geometry, cell_box)
        end as geometry
    from joined
)

select
    source,
    geometry
from pieces
where not st_isempty(geometry)
