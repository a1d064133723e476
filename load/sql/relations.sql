-- Grain: one area relation, with how many of its ways are here with all their nodes.
create table relations as
with
counted as (
    select
        members.relation_id,
        count(*) as n_ways,
        count(*) filter (where paths.n_found = paths.n_nodes) as n_whole
    from members
    left join paths on members.way_id = paths.way_id
    group by members.relation_id
)

select
    elements.id as relation_id,
    elements.tags,
    coalesce(counted.n_ways, 0) as n_ways,
    coalesce(counted.n_whole, 0) as n_whole
from elements
left join counted on elements.id = counted.relation_id
where elements.kind = 'relation' and elements.tags['type'] in ('multipolygon', 'boundary')
