{# Metres in one degree of latitude or longitude at a latitude, on WGS 84
   (series of the meridian and parallel arc; under 0.01 % off below 85 degrees). #}
{% macro metres_per_degree_lat(lat) -%}
(
    111132.92 - 559.82 * cos(2 * radians({{ lat }})) + 1.175 * cos(4 * radians({{ lat }}))
    - 0.0023 * cos(6 * radians({{ lat }}))
)
{%- endmacro %}

{% macro metres_per_degree_lon(lat) -%}
(
    111412.84 * cos(radians({{ lat }})) - 93.5 * cos(3 * radians({{ lat }}))
    + 0.118 * cos(5 * radians({{ lat }}))
)
{%- endmacro %}

{# Web-mercator tile column and row of a point at a zoom. #}
{% macro tile_x(lon, zoom) -%}
least(greatest(floor(({{ lon }} + 180) / 360 * (1 << {{ zoom }})), 0), (1 << {{ zoom }}) - 1)::bigint
{%- endmacro %}

{% macro tile_y(lat, zoom) -%}
least(greatest(floor(
    (1 - asinh(tan(radians({{ lat }}))) / pi()) / 2 * (1 << {{ zoom }})
), 0), (1 << {{ zoom }}) - 1)::bigint
{%- endmacro %}
