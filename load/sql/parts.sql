-- Grain: one way that an area is assembled from: of a complete relation, or a closed way
-- whose ring crosses or touches itself.
create table parts as
with
of_relations as (
    select
        'relation' as osm_type,
        members.relation_id as osm_id,
        members.way_id
    from members
    inner join relations on members.relation_id = relations.relation_id
    where relations.n_ways = relations.n_whole
),

of_rings as (
    select
        'way' as osm_type,
        way_id as osm_id,
        way_id
    from areas
    where is_unsound
)

from of_relations
union all
from of_rings
