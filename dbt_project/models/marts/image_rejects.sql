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
)

select
    requests.request_id,
    requests.scene_id,
    scenes.object_id,
    requests.source,
    coalesce(requests.why_not, attempts.reason) as reason,
    case
        when requests.why_not is not null then 'no image of the source holds the whole box'
        else attempts.detail
    end as detail
from scenes
inner join requests
    on scenes.scene_id = requests.scene_id and scenes.box_id = requests.box_id
left join attempts on requests.request_id = attempts.request_id
where requests.why_not is not null or attempts.status != 'ok'
