-- Grain: one element and one thing that happened to it between the snapshots.
create table changes as
with
-- Middles of nodes and ways: relations, and now and then a way, reach far beyond the cut.
middles as (
    select
        'before' as side,
        (bbox.xmin + bbox.xmax) / 2 as lon,
        (bbox.ymin + bbox.ymax) / 2 as lat
    from before
    where osm_type <> 'relation'
    union all
    select
        'after' as side,
        (bbox.xmin + bbox.xmax) / 2 as lon,
        (bbox.ymin + bbox.ymax) / 2 as lat
    from after
    where osm_type <> 'relation'
),

extents as (
    select
        side,
        min(lon) as west,
        min(lat) as south,
        max(lon) as east,
        max(lat) as north
    from middles
    group by side
),

rejected as (
    select
        'before' as side,
        osm_type,
        osm_id
    from before_rejects
    union all
    select
        'after' as side,
        osm_type,
        osm_id
    from after_rejects
),

happened as (
    select
        changed.*,
        moves.distance_m,
        -- The snapshot that lacks the element.
        case
            when changed.kind_before is null then 'before'
            when changed.kind_after is null then 'after'
        end as absent_from,
        list_sort(list_filter(
            list_distinct(
                list_concat(map_keys(changed.tags_before), map_keys(changed.tags_after))
            ),
            lambda key: changed.tags_before[key] is distinct from changed.tags_after[key]
        )) as keys_changed,
        unnest(list_filter(
            [
                if(absent_from = 'before', 'added', null),
                if(absent_from = 'after', 'removed', null),
                if(changed.kind_before <> changed.kind_after, 'redrawn', null),
                if(absent_from is null and len(keys_changed) > 0, 'retagged', null),
                if(moves.osm_id is not null, 'moved', null)
            ],
            lambda one: one is not null
        )) as change
    from changed
    left join moves
        on changed.osm_type = moves.osm_type and changed.osm_id = moves.osm_id
),

explained as (
    select
        happened.*,
        case
            when rejected.osm_id is not null then 'rejected'
            when
                happened.bbox.xmax < extents.west
                or happened.bbox.xmin > extents.east
                or happened.bbox.ymax < extents.south
                or happened.bbox.ymin > extents.north
                then 'outside'
        end as caveat
    from happened
    left join extents on happened.absent_from = extents.side
    left join rejected
        on
            happened.absent_from = rejected.side
            and happened.osm_type = rejected.osm_type
            and happened.osm_id = rejected.osm_id
)

select
    object_id,
    change,
    osm_type,
    osm_id,
    kind_before,
    kind_after,
    tags_before,
    tags_after,
    if(change = 'retagged', keys_changed, null) as keys_changed,
    if(change = 'moved', distance_m, null) as distance_m,
    version_before,
    version_after,
    caveat,
    round((bbox.xmin::double + bbox.xmax) / 2, 5) as lon,
    round((bbox.ymin::double + bbox.ymax) / 2, 5) as lat
from explained
