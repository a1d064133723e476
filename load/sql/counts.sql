-- Types of elements of which DuckDB finds more or fewer than libosmium.
with
theirs as (
    select
        osm_type,
        count(*) as n
    from elements
    group by osm_type
),

ours as (
    select
        osm_type,
        count(*) as n
    from drawn
    group by osm_type
)

select
    osm_type,
    coalesce(theirs.n, 0) as n_duckdb,
    coalesce(ours.n, 0) as n_libosmium
from theirs
full join ours using (osm_type)
where theirs.n is distinct from ours.n
order by osm_type
limit 1
