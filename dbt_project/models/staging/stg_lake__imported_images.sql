with source as (
    select * from {{ source('lake', 'imported_images') }}
),

named as (
    select
        *,
        'import:' || dataset as osm_snapshot,
        -- The letters of the published names.
        case left(image_name, 1) when 'n' then 'point' when 'w' then 'line' else 'area' end
            as kind,
        case left(image_name, 1) when 'n' then 'node' when 'r' then 'relation' else 'way' end
            as osm_type,
        regexp_extract(image_name, '^[anwr]([0-9]+)_', 1)::bigint as osm_id
    from source
)

-- Several imports may hold the same image: the first by name counts.
select *
from named
qualify row_number() over (partition by image_name order by dataset) = 1
