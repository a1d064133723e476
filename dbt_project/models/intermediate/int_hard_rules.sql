{{ config(tags=['shard']) }}

-- One model for each rule that a row of the seed cannot say; add yours here.
with hard_rules as (
    select * from {{ ref('rule_solar_plant') }}
    union all by name
    select * from {{ ref('rule_roundabout') }}
)

select * from hard_rules
