{{ config(tags=['global']) }}

-- A source is at work when its footprints are indexed; what a local file does not
-- say of itself comes from the seed's row of the same code.
with footprints as (
    select * from {{ ref('stg_lake__footprints') }}
),

indexed as (
    select
        source,
        count(*) as n_images,
        max(gsd_m) as gsd_m,
        min(bbox.xmin)::double as west,
        min(bbox.ymin)::double as south,
        max(bbox.xmax)::double as east,
        max(bbox.ymax)::double as north,
        bool_and(location = 'drawn') as is_painted,
        bool_and(drawn) as drawn
    from footprints
    group by source
),

seed as (
    select * from {{ ref('imagery_sources') }}
)

select
    ---------- ids
    indexed.source,
    case when indexed.is_painted then 'drawn' else 'file' end as kind,
    coalesce(seed.name, 'local files') as name,
    seed.collection,
    ---------- numbers
    indexed.n_images,
    indexed.gsd_m,
    indexed.west,
    indexed.south,
    indexed.east,
    indexed.north,
    ---------- terms
    seed.license,
    seed.attribution,
    indexed.drawn,
    ---------- recipe and gates
    {{ var('jpeg_quality') }}::integer as jpeg_quality,
    {{ var('min_valid_fraction') }}::double as min_valid_fraction,
    {{ var('min_std') }}::double as min_std,
    'rgb8-native-grid;jpeg-{{ var("jpeg_quality") }}-444' as recipe
from indexed
left join seed on indexed.source = seed.source
