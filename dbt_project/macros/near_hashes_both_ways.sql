{# int_near_hashes has each pair once, the lower hash first; here either may be. #}
{% macro near_hashes_both_ways() -%}
    select
        phash,
        near_phash,
        distance
    from {{ ref('int_near_hashes') }}
    union all
    select
        near_phash as phash,
        phash as near_phash,
        distance
    from {{ ref('int_near_hashes') }}
{%- endmacro %}
