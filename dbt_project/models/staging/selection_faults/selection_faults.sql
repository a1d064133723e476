with lines as (
    select * from {{ ref('stg_seeds__selection_lines') }}
),

empty_cells as (
    {% for column in ('selection', 'caption', 'keep_share') -%}
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
    select
        *,
        'not_a_share' as fault,
        'has keep_share ''' || keep_share || ''', which is not a share' as what,
        'write a number above 0 and up to 1, such as 0.3' as remedy
    from lines
    where
        keep_share is not null
        and not coalesce(keep_billionths between 1 and 1000000000, false)
    {% for column in ('min_per_tag', 'min_per_source', 'n_val', 'n_test') -%}
    union all
    select
        *,
        'not_a_number' as fault,
        'has {{ column }} ''' || {{ column }}
        || ''', which is not a whole number from 0 up' as what,
        'write one such as 5000, or leave it empty' as remedy
    from lines
    where {{ column }} is not null and {{ column }}_number is null
    {% endfor %}
),

unknown_words as (
    {% for column, words in (
        ('caption', ('title', 'title_multi_objects', 'polished')),
        ('drop_duplicates', ('none', 'exact', 'near')),
    ) -%}
    select
        *,
        'unknown_word' as fault,
        'has {{ column }} ''' || {{ column }} || ''', which there is not' as what,
        'write {{ words[:-1] | join(', ') }} or {{ words[-1] }}' as remedy
    from lines
    where
        not list_contains({{ words | list }}, {{ column }})
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

unranked as (
    select
        *,
        'nothing_ranks' as fault,
        'keeps the best ' || keep_share || ' of its pairs, and no scorer says which are the best'
            as what,
        'name a scorer, or let keep_share be 1' as remedy
    from lines
    where scorer is null and keep_billionths < 1000000000
),

twins as (
    select
        *,
        'same_name' as fault,
        'has the name of another in row ' || min(line) over (partition by selection) as what,
        'give it another' as remedy
    from lines
    where selection is not null
    qualify line > min(line) over (partition by selection)
),

united as (
    select * from empty_cells
    union all
    select * from no_numbers
    union all
    select * from unknown_words
    union all
    select * from unranked
    union all
    select * from twins
)

select
    line,
    selection,
    fault,
    concat('selections.csv:', line, ': ', name, ' ', what, '; ', remedy) as sentence
from united
