{{ config(tags=['shard']) }}

-- The published grammar as data: each cell of `connectors` is resolved on its own,
-- by the most specific row that fills it.
with admitted as (
    select distinct
        key,
        value
    from {{ ref('int_tag_decisions') }}
    where max_gsd_m > 0
),

matching as (
    select
        admitted.key,
        admitted.value,
        connectors.key_text,
        connectors.connector,
        connectors.value_text,
        row(
            case
                when contains(connectors.key, '*') and contains(connectors.value, '*')
                    then (connectors.key != '*')::integer
                when contains(connectors.value, '*') then 2
                when contains(connectors.key, '*') then 3
                else 4
            end,
            connectors.key,
            connectors.value
        ) as specificity
    from admitted
    inner join {{ ref('connectors') }} as connectors
        on
            {{ matches('admitted.key', 'connectors.key') }}
            and {{ matches('admitted.value', 'connectors.value') }}
),

cells as (
    select
        key,
        value,
        max_by(key_text, specificity) filter (where key_text is not null) as key_text,
        max_by(connector, specificity) filter (where connector is not null) as connector,
        max_by(value_text, specificity) filter (where value_text is not null) as value_text
    from matching
    group by key, value
),

texts as (
    select
        key,
        value,
        coalesce(key_text, translate(key, '_:', '  ')) as key_text,
        coalesce(connector, '(none)') as connector,
        coalesce(value_text, translate(value, '_:', '  ')) as value_text
    from cells
),

exact_order as (
    select * from {{ ref('tag_order') }}
    where value != '*'
),

key_order as (
    select * from {{ ref('tag_order') }}
    where value = '*'
)

select
    texts.key,
    texts.value,
    -- Control characters and runs of blanks in a value must not break a caption's line.
    trim(regexp_replace(
        concat_ws(
            ' ',
            nullif(texts.key_text, '(none)'),
            nullif(texts.connector, '(none)'),
            nullif(texts.value_text, '(none)')
        ),
        '[\s[:cntrl:]]+', ' ', 'g'
    )) as phrase,
    coalesce(exact_order.n_worldwide, key_order.n_worldwide, 0) as n_worldwide
from texts
left join exact_order
    on texts.key = exact_order.key and texts.value = exact_order.value
left join key_order on texts.key = key_order.key
