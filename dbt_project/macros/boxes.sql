{# A box round an anchor, in degrees rounded to 1e-7: the one place where pixels become
   degrees. The shifts are in pixels, east and north. #}
{% macro box_columns(shift_x_px, shift_y_px, width_px='width_px', height_px='height_px') -%}
round(lon + ({{ shift_x_px }} - {{ width_px }} / 2.0) * gsd_m / metres_per_lon, 7) as west,
    round(lon + ({{ shift_x_px }} + {{ width_px }} / 2.0) * gsd_m / metres_per_lon, 7) as east,
    round(lat + ({{ shift_y_px }} - {{ height_px }} / 2.0) * gsd_m / metres_per_lat, 7) as south,
    round(lat + ({{ shift_y_px }} + {{ height_px }} / 2.0) * gsd_m / metres_per_lat, 7) as north
{%- endmacro %}

{# The boxes of a CTE that lie whole in imagery of their source; reads the CTE `pieces`,
   of which several may hold a box. Codes have two characters: `starts_with` is equality
   that the planner does not turn into a hash join, which would pair all boxes of a
   source with all its pieces. #}
{% macro inside_imagery(boxes) -%}
select {{ boxes }}.*
    from {{ boxes }}
    inner join pieces on st_intersects_extent({{ boxes }}.box, pieces.geometry)
    where
        starts_with({{ boxes }}.source, pieces.source)
        and st_within({{ boxes }}.box, pieces.geometry)
{%- endmacro %}

{# How far, in pixels to either side, the focus may lie off the centre: a share of the
   room that an area leaves, of the side for points and lines. #}
{% macro room_px(side_px, focus_px) -%}
case
    when kind = 'area' then ({{ side_px }} - {{ focus_px }}) / 2 * {{ var('area_shift') }}
    else {{ side_px }} * {{ var('point_shift') }}
end
{%- endmacro %}
