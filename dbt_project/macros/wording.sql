{# The first of a template's alternatives, joined by `|`, whose places `{value}` and `{key}`
   can be filled; the words for them are null where a tag's letters make no words. #}
{% macro filled_template(template, key_words, value_words) -%}
list_filter(
    list_transform(
        string_split({{ template }}, '|'),
        lambda choice :
        case
            when contains(choice, '{value}') then replace(choice, '{value}', {{ value_words }})
            when contains(choice, '{key}') then replace(choice, '{key}', {{ key_words }})
            else choice
        end
    ),
    lambda choice : choice is not null
)[1]
{%- endmacro %}

{# A tag's letters as words, or null: lower-case words and nothing else can stand in a
   sentence. #}
{% macro plain_letters(text) -%}
nullif(regexp_extract(translate({{ text }}, '_:', '  '), '^[a-z]+(?:[ -][a-z]+)*$'), '')
{%- endmacro %}

{# As a sentence begins. #}
{% macro capital_first(text) -%}
upper(left({{ text }}, 1)) || substr({{ text }}, 2)
{%- endmacro %}
