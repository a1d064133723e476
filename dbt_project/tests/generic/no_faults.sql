{# Raises the first fault as one sentence, so that dbt's own output names file and row. #}
{% test no_faults(model) %}
with first_fault as (
    select sentence || case
        when count(*) over () > 1 then ' (the first of ' || count(*) over () || ' faults)'
        else ''
    end as sentence
    from {{ model }}
    order by line, fault, sentence
    limit 1
)

select sentence
from first_fault
-- A column that nobody reads would not be computed.
where error(sentence) is null
{% endtest %}
