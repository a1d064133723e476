{{ config(tags=['shard']) }}

-- What may be said of each object at each source's resolution. A tag that only tells
-- how something is says nothing where no tag tells what it is.
with sources as (
    select
        source,
        gsd_m
    from {{ ref('sources') }}
),

attribute_keys as (
    select key from {{ ref('attribute_keys') }}
),

keys as (
    select distinct key
    from {{ ref('object_tags') }}
    where groundable
),

named_keys as (
    select
        keys.key,
        bool_or(attribute_keys.key is not null) as is_attribute
    from keys
    left join attribute_keys on keys.key glob attribute_keys.key
    group by keys.key
),

visible as (
    select
        object_tags.*,
        sources.source,
        named_keys.is_attribute
    from {{ ref('object_tags') }} as object_tags
    inner join named_keys on object_tags.key = named_keys.key
    inner join sources on object_tags.max_gsd_m >= sources.gsd_m
    where object_tags.groundable
)

select
    object_id,
    source,
    key,
    value,
    phrase,
    phrase_plural,
    rule_id,
    tag_rank
from visible
qualify not bool_and(is_attribute) over (partition by object_id, source)
