{{ config(tags=['shard']) }}

-- What may be said of each object at each source's resolution. A tag that only tells
-- how something is says nothing where no tag tells what it is.
with sources as (
    select
        source,
        gsd_m
    from {{ ref('sources') }}
    where kind is distinct from 'import'
),

-- What was imported is seen at the resolution of its own images, and nowhere else.
imported_looks as (
    select distinct
        object_id,
        source,
        gsd_m
    from {{ ref('int_imported_scene_objects') }}
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

groundable as (
    select
        object_tags.*,
        named_keys.is_attribute
    from {{ ref('object_tags') }} as object_tags
    inner join named_keys on object_tags.key = named_keys.key
    where object_tags.groundable
),

visible as (
    select
        groundable.*,
        sources.source,
        sources.gsd_m
    from groundable
    inner join sources on groundable.max_gsd_m >= sources.gsd_m
    anti join {{ ref('int_imported_objects') }} as imported
        on groundable.object_id = imported.object_id
    union all by name
    select
        groundable.*,
        looks.source,
        looks.gsd_m
    from groundable
    inner join imported_looks as looks
        on groundable.object_id = looks.object_id and groundable.max_gsd_m >= looks.gsd_m
)

select
    object_id,
    source,
    gsd_m,
    key,
    value,
    phrase,
    phrase_plural,
    rule_id,
    tag_rank
from visible
qualify not bool_and(is_attribute) over (partition by object_id, source, gsd_m)
