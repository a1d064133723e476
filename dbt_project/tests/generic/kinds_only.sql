{# A cell of geometry kinds joined by `|`: each one is point, line or area. #}
{% test kinds_only(model, column_name) %}
select {{ column_name }}
from {{ model }}
where len(list_filter(
    string_split({{ column_name }}, '|'),
    lambda kind : kind not in ('point', 'line', 'area')
)) > 0
{% endtest %}
