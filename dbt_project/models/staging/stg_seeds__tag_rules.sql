-- Faults keep a rule from being staged at all: depends_on: {{ ref('rule_faults') }}
with source as (
    select * from {{ ref('tag_rules') }}
),

renamed as (
    select
        ---------- ids
        rule_id,
        key,
        value,
        not_key,
        not_value,
        string_split(geometry, '|') as geometry_kinds,
        ---------- words
        phrase,
        phrase_plural,
        note,
        ---------- numbers
        try_cast(min_area_m2 as double) as min_area_m2,
        try_cast(max_gsd_m as double) as max_gsd_m,
        -- The classifier's table decides, not the rule.
        max_gsd_m = 'classifier' as by_classifier,
        coalesce(try_cast(priority as integer), 0) as priority,
        -- An exact cell beats a wildcard where priorities tie.
        (not contains(key, '*'))::integer * 2 + (not contains(value, '*'))::integer
            as exactness,
        -- Every cell in its place: concat_ws would skip the empty ones.
        md5(to_json([
            rule_id, key, value, not_key, not_value, geometry, min_area_m2, max_gsd_m,
            phrase, phrase_plural, priority
        ])::varchar) as rule_digest
    from source
)

select * from renamed
