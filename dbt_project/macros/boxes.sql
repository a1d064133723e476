{# A box round an anchor, its corner moved by a share of the room, in degrees rounded
   to 1e-7: the one place where pixels become degrees. #}
{% macro box_columns(shift_x, shift_y) -%}
round(lon + ({{ shift_x }} * room_x_px - width_px / 2.0) * gsd_m / metres_per_lon, 7) as west,
    round(lon + ({{ shift_x }} * room_x_px + width_px / 2.0) * gsd_m / metres_per_lon, 7) as east,
    round(lat + ({{ shift_y }} * room_y_px - height_px / 2.0) * gsd_m / metres_per_lat, 7) as south,
    round(lat + ({{ shift_y }} * room_y_px + height_px / 2.0) * gsd_m / metres_per_lat, 7) as north
{%- endmacro %}
