{# A number in [0, 1) that depends on the text and the seed alone: the top 53 bits
   of an md5, so that no run, thread or machine changes it. #}
{% macro hash_unit(text) -%}
((md5_number({{ text }} || ':{{ var("seed") }}') >> 75)::bigint / 9007199254740992.0)
{%- endmacro %}
