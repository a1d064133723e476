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
        -- Nominal, to two digits: on a grid of degrees each image has its own, and one
        -- image more must not move the boxes of the others.
        round(max(gsd_m), 1 - floor(log10(max(gsd_m)))::integer) as gsd_m,
        min(bbox.xmin)::double as west,
        min(bbox.ymin)::double as south,
        max(bbox.xmax)::double as east,
        max(bbox.ymax)::double as north,
        bool_and(location = 'drawn') as is_painted,
        bool_and(drawn) as drawn
    from footprints
    group by source
),

local as (
    select
        *,
        case when is_painted then 'drawn' else 'file' end as kind
    from indexed
),

seed as (
    select * from {{ ref('imagery_sources') }}
)

select
    ---------- ids
    local.source,
    local.kind,
    coalesce(seed.name, 'local files') as name,
    seed.collection,
    ---------- numbers
    local.n_images,
    local.gsd_m,
    local.west,
    local.south,
    local.east,
    local.north,
    ---------- terms
    -- The terms of a service are not those of a file that bears its code.
    case when seed.kind = local.kind then seed.license end as license,
    case when seed.kind = local.kind then seed.attribution end as attribution,
    local.drawn,
    ---------- recipe and gates
    {{ var('jpeg_quality') }}::integer as jpeg_quality,
    {{ var('min_valid_fraction') }}::double as min_valid_fraction,
    {{ var('min_std') }}::double as min_std,
    'rgb8-native-grid;jpeg-{{ var("jpeg_quality") }}-444' as recipe
from local
left join seed on local.source = seed.source
