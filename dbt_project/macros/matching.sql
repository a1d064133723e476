{# Whether a key or value meets a rule's cell: equal, or by `*` as a wildcard. #}
{% macro matches(text, pattern) -%}
({{ text }} = {{ pattern }} or (contains({{ pattern }}, '*') and {{ text }} glob {{ pattern }}))
{%- endmacro %}
