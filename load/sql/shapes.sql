-- Grain: one tagged way or area relation, with its geometry or the reason why it has none.
create table shapes as
with
judged_ways as (
    select
        'way' as osm_type,
        ways.way_id as osm_id,
        if(ways.is_area, 'area', 'line') as kind,
        ways.tags,
        if(ways.is_unsound, assembled.shape, ways.shape) as geometry,
        case
            when ways.reason is not null then ways.reason
            when ways.is_unsound and assembled.shape is null
                then 'invalid and not repairable'
        end as reason,
        case
            when ways.reason = 'missing nodes'
                then format(
                    '{} of {} nodes missing', ways.n_nodes - ways.n_found, ways.n_nodes
                )
            when ways.reason = 'too few nodes'
                then format(
                    '{} nodes in {} place',
                    ways.n_nodes,
                    if(ways.n_nodes = 0, 'no', 'one')
                )
            when ways.is_unsound and assembled.shape is null
                then format('{} nodes enclose no area', ways.n_nodes)
        end as detail
    from ways
    left join assembled
        on assembled.osm_type = 'way' and ways.way_id = assembled.osm_id
),

judged_relations as (
    select
        'relation' as osm_type,
        relations.relation_id as osm_id,
        'area' as kind,
        relations.tags,
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
    from relations
    left join outlines
        on outlines.osm_type = 'relation' and relations.relation_id = outlines.osm_id
    left join assembled
        on assembled.osm_type = 'relation' and relations.relation_id = assembled.osm_id
)

from judged_ways
union all
from judged_relations
