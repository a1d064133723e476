{# An upper estimate of CLIP's byte-pair tokens in a text: one for each six letters
   of a word, each digit and each mark. The vocabulary itself is not read here. #}
{% macro token_estimate(text) -%}
(
    coalesce(list_sum(list_transform(
        regexp_extract_all({{ text }}, '[[:alpha:]]+'),
        lambda word : ceil(length(word) / 6.0)
    )), 0)::integer
    + len(regexp_extract_all({{ text }}, '[^[:alpha:][:space:]]'))
)
{%- endmacro %}
