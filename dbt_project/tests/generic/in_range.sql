{# NaN is above every number here, and so out of any range. Null passes. #}
{% test in_range(model, column_name, low, high="'infinity'::double") %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} not between {{ low }} and {{ high }}
{% endtest %}
