-- Grain: one key of the area rules, in QuackOSM's words: all its values enclose ground,
-- or all but the listed ones (denylist), or the listed ones alone (allowlist).
with
decided as (
    select
        key,
        value,
        bool_or(is_area) as is_area
    from area_rules
    where is_area is not null
    group by all
),

keys as (
    select
        key,
        coalesce(bool_or(is_area) filter (where value = '*'), false) as is_area,
        list_sort(list(value) filter (where value <> '*' and is_area)) as areas,
        list_sort(list(value) filter (where value <> '*' and not is_area)) as lines
    from decided
    group by key
)

select
    case
        when is_area and lines is null then 'all'
        when is_area then 'denylist'
        else 'allowlist'
    end as list_name,
    -- QuackOSM escapes the values that it puts into its SQL, but not the keys.
    replace(key, '''', '''''') as key,
    if(is_area, lines, areas) as listed
from keys
where is_area or areas is not null
order by key
