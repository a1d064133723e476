{{ config(tags=['shard']) }}

-- Rules meet each distinct tag once; what a rule asks of the object comes later.
with distinct_tags as (
    select distinct
        key,
        value
    from {{ ref('int_object_tag_pairs') }}
),

rules as (
    select * from {{ ref('stg_seeds__tag_rules') }}
),

by_exact_key as (
    select
        distinct_tags.key,
        distinct_tags.value,
        rules.* exclude (key, value) -- noqa: RF02
    from distinct_tags
    inner join rules on distinct_tags.key = rules.key
    where {{ matches('distinct_tags.value', 'rules.value') }}
),

by_wildcard_key as (
    select
        distinct_tags.key,
        distinct_tags.value,
        rules.* exclude (key, value) -- noqa: RF02
    from distinct_tags
    inner join rules on distinct_tags.key glob rules.key
    where
        contains(rules.key, '*')
        and {{ matches('distinct_tags.value', 'rules.value') }}
),

matched as (
    select * from by_exact_key
    union all by name
    select * from by_wildcard_key
)

select *
from matched
-- A value that only a wildcard meets is said in its own letters, so it must look like a
-- value and not like a sentence, a list, markup or the opposite of itself.
where
    by_classifier
    or max_gsd_m = 0
    or phrase is not null
    -- The rule's value is exact.
    or exactness % 2 = 1
    or (
        regexp_full_match(value, '[a-z0-9][a-z0-9_:. -]{0,39}')
        and value not in ('no', 'none', 'unknown', 'undefined')
    )
