{# A text that should be a number from 0 up: staging would read another as null. #}
{% test is_number(model, column_name) %}
select *
from {{ model }}
where
    {{ column_name }} is not null
    and not coalesce(
        isfinite(try_cast({{ column_name }} as double))
        and try_cast({{ column_name }} as double) >= 0,
        false
    )
{% endtest %}
