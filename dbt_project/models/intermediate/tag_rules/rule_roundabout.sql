{{ config(tags=['shard']) }}

-- A roundabout shows from above when its ring is mapped whole; an arc of one does not.
with objects as (
    select
        object_id,
        kind,
        tags,
        geometry
    from {{ ref('objects') }}
)

select
    object_id,
    'junction' as key,
    'roundabout' as value,
    'rule_roundabout' as rule_id,
    case when st_isclosed(geometry) then 2.0 else 0.0 end::double as max_gsd_m,
    null::varchar as phrase,
    'roundabouts' as phrase_plural,
    200 as priority,
    case
        when st_isclosed(geometry) then 'a whole ring of road round an island'
        else 'an arc, not the whole ring'
    end as note
from objects
where
    kind = 'line'
    -- Without its ring nothing is known of it.
    and geometry is not null
    and tags['junction'] = 'roundabout'
