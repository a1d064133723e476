{{ config(tags=['shard']) }}

-- One model for each rule that a row of the seed cannot say; add yours here.
with hard_rules as (
    select * from {{ ref('rule_bridge') }}
    union all by name
    select * from {{ ref('rule_indoor_pool') }}
    union all by name
    select * from {{ ref('rule_indoors') }}
    union all by name
    select * from {{ ref('rule_intermittent_water') }}
    union all by name
    select * from {{ ref('rule_parking_garage') }}
    union all by name
    select * from {{ ref('rule_round_tank') }}
    union all by name
    select * from {{ ref('rule_roundabout') }}
    union all by name
    select * from {{ ref('rule_solar_panels') }}
    union all by name
    select * from {{ ref('rule_solar_plant') }}
    union all by name
    select * from {{ ref('rule_sport_ground') }}
    union all by name
    select * from {{ ref('rule_under_a_roof') }}
    union all by name
    select * from {{ ref('rule_underground') }}
    union all by name
    select * from {{ ref('rule_water_body') }}
    union all by name
    select * from {{ ref('rule_wind_turbine') }}
)

select * from hard_rules
