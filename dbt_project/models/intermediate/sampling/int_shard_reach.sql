{{ config(tags=['shard']) }}

-- Where the objects lie that the boxes of a shard may show: the extents of its boxes, those
-- of one tile of zoom 10 together, and as far beyond as a rule may look from an object.
with boxes as (
    select
        west,
        south,
        east,
        north,
        left({{ quadkey_of('lon', 'lat') }}, 10) as tile
    from {{ ref('int_scene_boxes') }}
)

select
    min(west) - {{ var('rule_sight_deg') }} as west,
    min(south) - {{ var('rule_sight_deg') }} as south,
    max(east) + {{ var('rule_sight_deg') }} as east,
    max(north) + {{ var('rule_sight_deg') }} as north
from boxes
group by tile
