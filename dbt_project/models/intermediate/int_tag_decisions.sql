{{ config(tags=['shard']) }}

-- Every rule that applies to an object's tag, once what it asks of the object holds.
with pairs as (
    select * from {{ ref('int_object_tag_pairs') }}
),

rules as (
    select * from {{ ref('int_tag_rule_matches') }}
),

by_seed as (
    select
        pairs.object_id,
        pairs.key,
        pairs.value,
        rules.rule_id,
        rules.max_gsd_m,
        coalesce(rules.by_classifier, false) as by_classifier,
        rules.phrase,
        rules.phrase_plural,
        rules.priority,
        rules.exactness
    from pairs
    inner join rules on pairs.key = rules.key and pairs.value = rules.value
    where
        (rules.geometry_kinds is null or list_contains(rules.geometry_kinds, pairs.kind))
        and (rules.min_area_m2 is null or pairs.area_m2 >= rules.min_area_m2)
        and (
            rules.not_key is null
            or len(list_filter(
                map_entries(pairs.tags),
                lambda tag : (
                    tag.key glob rules.not_key
                    and tag.value glob coalesce(rules.not_value, '*')
                )
            )) = 0
        )
),

by_model as (
    select
        *,
        false as by_classifier,
        4 as exactness
    from {{ ref('int_hard_rules') }}
),

applicable as (
    select * from by_seed -- noqa: AM07
    union all by name
    select * from by_model
),

decided_by_rule as (
    select * exclude (exactness) -- noqa: RF02
    from applicable
    qualify row_number() over (
        partition by object_id, key order by priority desc, exactness desc, rule_id asc
    ) = 1
),

ruled as (
    select * exclude (by_classifier)
    from decided_by_rule
    where not by_classifier
),

predictions as (
    select * from {{ ref('stg_lake__tag_predictions') }}
),

-- Where no rule decides, or one hands its tag on.
decided_by_classifier as (
    select
        pairs.object_id,
        pairs.key,
        pairs.value,
        'classifier' as rule_id,
        case when predictions.groundable then predictions.max_gsd_m else 0 end as max_gsd_m
    from pairs
    inner join predictions on pairs.key = predictions.key and pairs.value = predictions.value
    anti join ruled on pairs.object_id = ruled.object_id and pairs.key = ruled.key
)

select * from ruled -- noqa: AM07
union all by name
select * from decided_by_classifier
