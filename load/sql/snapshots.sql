-- One row about the snapshot. Relations are counted among the areas as well.
create table snapshots as
with
counted as (
    select
        count(*) filter (where kind = 'point') as n_points,
        count(*) filter (where kind = 'line') as n_lines,
        count(*) filter (where kind = 'area') as n_areas,
        count(*) filter (where osm_type = 'relation') as n_relations
    from measured
    where reason is null
)

select
    getvariable('snapshot') as snapshot,
    getvariable('region') as region,
    getvariable('date')::date as snapshot_date,
    getvariable('file_name') as file_name,
    getvariable('sha256') as sha256,
    getvariable('loader') as loader,
    *,
    (select count(*) from rejects) as n_rejects
from counted
