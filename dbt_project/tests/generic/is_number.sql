{# A text that should be a number: staging would read it as null and say nothing. #}
{% test is_number(model, column_name) %}
select {{ column_name }}
from {{ model }}
where
    {{ column_name }} is not null
    and not coalesce(isfinite(try_cast({{ column_name }} as double)), false)
{% endtest %}
