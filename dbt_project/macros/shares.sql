{# Length in whole units of 1e-15 degrees. #}
{% macro length_units(dx, dy) -%}
round(sqrt(({{ dx }}) * ({{ dx }}) + ({{ dy }}) * ({{ dy }})) * 1e15)::bigint
{%- endmacro %}
