-- The cells as they are written, and what they ask for in a form that can be compared.
with counted as (
    select
        *,
        -- A seed keeps the order of its file.
        row_number() over () as n,
        len(string_split(
            concat(
                rule_id, key, value, not_key, not_value, geometry, min_area_m2, max_gsd_m,
                phrase, phrase_plural, priority, note
            ),
            chr(10)
        )) - 1 as n_breaks
    from {{ ref('tag_rules') }}
)

select
    ---------- ids
    -- A cell may hold line breaks.
    1 + n + coalesce(
        sum(n_breaks) over (order by n rows between unbounded preceding and 1 preceding), 0
    )::bigint as line,
    coalesce('rule ''' || rule_id || '''', 'the rule') as name,
    * exclude (n, n_breaks, note), -- noqa: RF02
    ---------- conditions
    coalesce(not_value, '*') as any_not_value,
    -- What asks for an area speaks of areas alone.
    case
        when min_area_m2 is not null then ['area']
        else list_sort(list_distinct(
            string_split(coalesce(geometry, 'point|line|area'), '|')
        ))
    end as kinds,
    try_cast(min_area_m2 as double) as least_area_m2,
    ---------- order of decision
    coalesce(try_cast(priority as integer), 0) as rank,
    (not contains(key, '*'))::integer * 2 + (not contains(value, '*'))::integer as exactness,
    -- Odd values pass by a wildcard that says them in their own letters.
    contains(value, '*')
    and phrase is null
    and coalesce(try_cast(max_gsd_m as double), 0) != 0 as is_choosy
from counted
