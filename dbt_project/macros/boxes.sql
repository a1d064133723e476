{# A box round an anchor, in degrees rounded to 1e-7: the one place where pixels become
   degrees. The shifts are in pixels, east and north. #}
{% macro box_columns(shift_x_px, shift_y_px, width_px='width_px', height_px='height_px') -%}
round(lon + ({{ shift_x_px }} - {{ width_px }} / 2.0) * gsd_m / metres_per_lon, 7) as west,
    round(lon + ({{ shift_x_px }} + {{ width_px }} / 2.0) * gsd_m / metres_per_lon, 7) as east,
    round(lat + ({{ shift_y_px }} - {{ height_px }} / 2.0) * gsd_m / metres_per_lat, 7) as south,
    round(lat + ({{ shift_y_px }} + {{ height_px }} / 2.0) * gsd_m / metres_per_lat, 7) as north
{%- endmacro %}
