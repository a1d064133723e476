{{ config(tags=['shard']) }}

-- A tank, silo or drum is known by its disc: round ones show on coarser pixels than the
-- seed grants to any outline. Roundness is 1 for a disc, 0.79 for a square.
with tanks as (
    select
        object_id,
        area_m2,
        tags['man_made'] as man_made,
        tags['building'] as building,
        -- Degrees of longitude shrink to those of latitude; the ratio needs no metres.
        st_affine(
            geometry, cos(radians((bbox.ymin + bbox.ymax) / 2)), 0, 0, 1, 0, 0
        ) as geometry
    from {{ ref('objects') }}
    where
        kind = 'area'
        and area_m2 >= 100
        and (
            tags['man_made'] in (
                'storage_tank', 'fuel_storage_tank', 'oil_tank', 'silo', 'gasometer'
            )
            or tags['building'] in ('storage_tank', 'storage tank', 'silo')
        )
),

discs as (
    select
        object_id,
        area_m2,
        unnest(['man_made', 'building']) as key,
        unnest([man_made, building]) as value
    from tanks
    where 4 * pi() * st_area(geometry) >= 0.9 * power(st_perimeter(geometry), 2)
)

select
    object_id,
    key,
    value,
    'rule_round_tank' as rule_id,
    case when area_m2 >= 700 then 5.0 else 3.0 end::double as max_gsd_m,
    null::varchar as phrase,
    case when value = 'silo' then 'silos' else 'storage tanks' end as phrase_plural,
    200 as priority,
    case
        when area_m2 >= 700 then 'a disc of 30 m or more, six pixels at 5 m'
        else 'a disc of 11 m or more, four pixels at 3 m'
    end as note
from discs
where
    (
        key = 'man_made'
        and value in ('storage_tank', 'fuel_storage_tank', 'oil_tank', 'silo', 'gasometer')
    )
    or (key = 'building' and value in ('storage_tank', 'storage tank', 'silo'))
