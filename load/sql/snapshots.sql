-- One row about the snapshot. Relations are counted among the areas as well.
create table snapshots as
with
counted as (
    select
        count(*) filter (where kind = 'point') as n_points,
        count(*) filter (where kind = 'line') as n_lines,
        count(*) filter (where kind = 'area') as n_areas,
        count(*) filter (where osm_type = 'relation') as n_relations
    from objects
)

select
    $snapshot as snapshot,
    $region as region,
    $date::date as snapshot_date,
    $file_name as file_name,
    $sha256 as sha256,
    $loader as loader,
    *,
    (select count(*) from rejects) as n_rejects
from counted
