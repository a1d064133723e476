-- The cells as they are written, and their numbers where they are numbers.
{%- set numbers = ('min_per_tag', 'min_per_source', 'n_val', 'n_test') %}
{%- set columns = [] %}
{%- for column in numbers %}
{%- do columns.append(
    "case\n        when regexp_full_match(" ~ column ~ ", '[0-9]+') then try_cast(" ~ column
    ~ " as bigint)\n    end as " ~ column ~ "_number"
) %}
{%- endfor %}
with counted as (
    select
        *,
        -- A seed keeps the order of its file.
        row_number() over () as n,
        len(string_split(
            concat(
                selection, scorer, caption, keep_share, {{ numbers | join(', ') }},
                drop_duplicates, note
            ),
            chr(10)
        )) - 1 as n_breaks
    from {{ ref('selections') }}
)

select
    ---------- ids
    -- A cell may hold line breaks.
    1 + n + coalesce(
        sum(n_breaks) over (order by n rows between unbounded preceding and 1 preceding), 0
    )::bigint as line,
    coalesce('selection ''' || selection || '''', 'the selection') as name,
    * exclude (n, n_breaks), -- noqa: RF02
    ---------- numbers
    -- In billionths, as whole numbers: a float's share of a count may be one off.
    (try_cast(keep_share as decimal(18, 9))::decimal(38, 9) * 1000000000)::bigint
        as keep_billionths,
    {{ columns | join(',\n    ') }}
from counted
