with source as (
    select * from {{ source('lake', 'objects') }}
)

-- The CRS is part of DuckDB's geometry type: one plain type from here on.
select * replace (geometry::geometry as geometry)
from source
