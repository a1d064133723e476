with source as (
    select * from {{ source('lake', 'footprints') }}
)

select * replace (geometry::geometry as geometry)
from source
