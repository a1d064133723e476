-- The distinct tags that the rule is about. A row of the seed names them by key and
-- value; of a hard rule or the classifier, they are those that it decided somewhere.
with rule as (
    select
        *,
        try_cast(max_gsd_m as double) as gsd_m
    from tag_rules
    where rule_id = getvariable('rule')
),

by_seed as (
    select
        tags.key,
        tags.value,
        true as in_seed,
        rule.not_key,
        coalesce(rule.not_value, '*') as not_value,
        string_split(rule.geometry, '|') as kinds,
        try_cast(rule.min_area_m2 as double) as min_area_m2,
        -- What only a wildcard meets must look like a value to be said.
        rule.gsd_m != 0
        and rule.phrase is null
        and contains(rule.value, '*')
        and not (
            regexp_full_match(tags.value, '[a-z0-9][a-z0-9_:. -]{0,39}')
            and tags.value not in ('no', 'none', 'unknown', 'undefined')
        ) as value_fails
    from tags
    cross join rule
    where
        (tags.key = rule.key or (contains(rule.key, '*') and tags.key glob rule.key))
        and (tags.value = rule.value or (contains(rule.value, '*') and tags.value glob rule.value))
),

by_model as (
    select distinct
        key,
        value,
        false as in_seed,
        false as value_fails
    from object_tags
    where rule_id = getvariable('rule') and not exists (select 1 from rule)
)

select * from by_seed
union all by name
select * from by_model
