with lines as (
    select * from {{ ref('stg_seeds__tag_rule_lines') }}
),

empty_cells as (
    {% for column in ('rule_id', 'key', 'value', 'max_gsd_m') -%}
    select
        *,
        'empty_cell' as fault,
        'has no {{ column }}' as what,
        'fill the cell' as remedy
    from lines
    where {{ column }} is null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

no_numbers as (
    {% for column, form, remedy in (
        ('max_gsd_m', 'neither a number from 0 up nor the word classifier',
            'write metres per pixel, or 0 for never'),
        ('min_area_m2', 'not a number from 0 up', 'write square metres, or leave it empty'),
    ) -%}
    select
        *,
        'not_a_number' as fault,
        'has {{ column }} ''' || {{ column }} || ''', which is {{ form }}' as what,
        '{{ remedy }}' as remedy
    from lines
    where
        {{ column }} is not null
        {{ "and max_gsd_m != 'classifier'" if column == 'max_gsd_m' }}
        and not coalesce(
            isfinite(try_cast({{ column }} as double)) and try_cast({{ column }} as double) >= 0,
            false
        )
    union all
    {% endfor -%}
    select
        *,
        'not_a_number' as fault,
        'has priority ''' || priority || ''', which is not a whole number' as what,
        'write one such as 50, or leave it empty' as remedy
    from lines
    where
        priority is not null
        and (
            -- A cast would round.
            not regexp_full_match(priority, '[+-]?[0-9]+')
            or try_cast(priority as integer) is null
        )
),

odd_wildcards as (
    {% for column, condition in (
        ('key', "contains(key, '*')"), ('value', "contains(value, '*')"),
        ('not_key', 'true'), ('not_value', 'true'),
    ) -%}
    select
        *,
        'odd_wildcard' as fault,
        'has {{ column }} ''' || {{ column }} || ''', where ?, [ and \ are wildcards too' as what,
        'write * in their place' as remedy
    from lines
    where regexp_matches({{ column }}, '[?\[\\]') and {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

odd_phrases as (
    {% for column in ('phrase', 'phrase_plural') -%}
    select
        *,
        'odd_phrase' as fault,
        'has a line break or another control character in its {{ column }}' as what,
        'write it on one line' as remedy
    from lines
    where regexp_matches({{ column }}, '[[:cntrl:]]')
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

odd_conditions as (
    select
        *,
        'unknown_geometry' as fault,
        'has geometry ''' || geometry || ''', which is not made of point, line and area' as what,
        'join several kinds by |, or leave it empty for any' as remedy
    from lines
    where not list_has_all(['point', 'line', 'area'], string_split(geometry, '|'))
    union all
    select
        *,
        'no_area' as fault,
        'asks for an area of geometry ''' || geometry || ''', which has none' as what,
        'leave min_area_m2 empty, or add area to geometry' as remedy
    from lines
    where min_area_m2 is not null and not list_contains(string_split(geometry, '|'), 'area')
    union all
    select
        *,
        'not_value_alone' as fault,
        'has not_value ''' || not_value || ''' without a not_key' as what,
        'name the key in not_key' as remedy
    from lines
    where not_value is not null and not_key is null
    union all
    select
        *,
        'excludes_itself' as fault,
        'can never match: its not_key and not_value exclude the tag it speaks of' as what,
        'narrow them or remove it' as remedy
    from lines
    where {{ matches('key', 'not_key') }} and {{ matches('value', 'any_not_value') }}
),

united as (
    select * from empty_cells
    union all
    select * from no_numbers
    union all
    select * from odd_wildcards
    union all
    select * from odd_phrases
    union all
    select * from odd_conditions
)

select
    line,
    rule_id,
    fault,
    name || ' ' || what as what,
    remedy
from united
