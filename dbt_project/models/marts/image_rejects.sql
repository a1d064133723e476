{{ config(tags=['shard']) }}

with scenes as (
    select
        scene_id,
        object_id,
        box_id
    from {{ ref('scenes') }}
),

requests as (
    select * from {{ ref('stg_lake__requests') }}
),

attempts as (
    select * from {{ ref('stg_lake__ledger') }}
),

sources as (
    select
        source,
        min_valid_fraction
    from {{ ref('sources') }}
)

select
    requests.request_id,
    requests.scene_id,
    scenes.object_id,
    requests.source,
    coalesce(requests.why_not, attempts.reason, 'nodata') as reason,
    case
        when requests.why_not is not null then 'no images of the source hold the whole box'
        when attempts.reason is not null then attempts.detail
        else printf('%.3f of its pixels are valid', attempts.valid_fraction)
    end as detail
from scenes
inner join requests
    on scenes.scene_id = requests.scene_id and scenes.box_id = requests.box_id
inner join sources on requests.source = sources.source
left join attempts on requests.request_id = attempts.request_id
where
    requests.why_not is not null
    or attempts.status != 'ok'
    or attempts.valid_fraction < sources.min_valid_fraction
