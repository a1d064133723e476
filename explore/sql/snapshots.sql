select
    snapshot,
    region,
    snapshot_date,
    file_name,
    left(sha256, 12) as digest,
    loader,
    n_points,
    n_lines,
    n_areas,
    n_relations,
    n_rejects,
    is_current
from snapshots
order by region, snapshot_date, snapshot
