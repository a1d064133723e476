{{ config(tags=['global']) }}

-- The words of the yml files, so that a catalog says what it holds wherever it is read.
with columns as (
    select
        unnest(
            [
                {% for row in described_columns() %}
                {
                    'table_name': '{{ row.table_name }}',
                    'grain': '{{ row.grain | replace("'", "''") }}',
                    'position': {{ row.position }},
                    'column_name': '{{ row.column_name }}',
                    'meaning': '{{ row.meaning | replace("'", "''") }}',
                    'in_key': {{ row.in_key | lower }}
                }{{ "," if not loop.last }}
                {% endfor %}
            ]::struct(
                table_name varchar, grain varchar, position integer, column_name varchar,
                meaning varchar, in_key boolean
            )[],
            recursive := true
        )
)

select
    table_name,
    grain,
    position,
    column_name,
    meaning,
    in_key
from columns
