-- Grain: one tagged node or way, or one area relation, with its geometry or the reason why
-- it has none.
create view shapes as
with
tagged as not materialized (
    select drawn.*
    from drawn
    semi join elements
        on
            drawn.osm_type = elements.osm_type
            and drawn.osm_id = elements.osm_id
            and elements.tags is not null
),

nodes as (
    select
        *,
        'point' as kind,
        line as geometry,
        if(line is null, 'outside the world', null) as reason,
        null as detail
    from tagged
    where osm_type = 'node'
),

judged_ways as (
    select
        tagged.*,
        if(areas.way_id is null, 'line', 'area') as kind,
        case
            when areas.way_id is null then tagged.line
            when areas.is_unsound then assembled.shape
            else st_makepolygon(tagged.line)
        end as geometry,
        case
            when tagged.n_missing > 0 then 'missing nodes'
            when tagged.line is null then 'too few nodes'
            when areas.is_unsound and assembled.shape is null
                then 'invalid and not repairable'
        end as reason
    from tagged
    left join areas on tagged.osm_id = areas.way_id
    left join assembled
        on assembled.osm_type = 'way' and tagged.osm_id = assembled.osm_id
    where tagged.osm_type = 'way'
),

ways as (
    select
        *,
        case reason
            when 'missing nodes' then format('{} of {} nodes missing', n_missing, n_nodes)
            when 'too few nodes'
                then format('{} nodes in a single place', n_nodes)
            when 'invalid and not repairable'
                then format('{} nodes enclose no area', n_nodes)
        end as detail
    from judged_ways
),

area_relations as (
    select
        tagged.*,
        'area' as kind,
        assembled.shape as geometry,
        case
            when relations.n_ways = 0 or relations.n_whole < relations.n_ways
                then 'missing members'
            when outlines.n_open > 0 then 'ring not closed'
            when assembled.shape is null then 'invalid and not repairable'
        end as reason,
        case
            when relations.n_ways = 0
                then 'no way among the members'
            when relations.n_whole < relations.n_ways
                then format(
                    '{} of {} ways missing or cut',
                    relations.n_ways - relations.n_whole,
                    relations.n_ways
                )
            when outlines.n_open > 0
                then format('{} open ends', outlines.n_open)
            when assembled.shape is null
                then format('{} ways enclose no area', relations.n_ways)
        end as detail
    from tagged
    inner join relations on tagged.osm_id = relations.relation_id
    left join outlines
        on outlines.osm_type = 'relation' and tagged.osm_id = outlines.osm_id
    left join assembled
        on assembled.osm_type = 'relation' and tagged.osm_id = assembled.osm_id
    where tagged.osm_type = 'relation'
),

united as (
    from nodes
    union all by name
    from ways
    union all by name
    from area_relations
)

select
    osm_type,
    osm_id,
    kind,
    geometry,
    reason,
    detail,
    osm_version,
    osm_timestamp
from united
