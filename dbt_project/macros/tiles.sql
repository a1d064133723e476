{# Whether a quadkey belongs to this build's shard: the var `tiles`, empty for all. #}
{% macro in_tiles(quadkey) -%}
{%- if var('tiles') -%}
(
{%- for tile in var('tiles') -%}
{{ ' or ' if not loop.first }}starts_with({{ quadkey }}, '{{ tile }}')
{%- endfor -%}
)
{%- else -%}
true
{%- endif -%}
{%- endmacro %}

{# Web mercator ends near 85.05 degrees; what lies beyond belongs to its edge tile. #}
{% macro quadkey_of(lon, lat) -%}
st_quadkey({{ lon }}, least(greatest({{ lat }}, -85.05), 85.05), 23)
{%- endmacro %}
