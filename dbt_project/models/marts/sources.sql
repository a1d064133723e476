{{ config(tags=['global']) }}

-- A source is at work when its footprints are indexed; what they do not say comes from
-- the seed's row of the same code.
with footprints as (
    select * from {{ ref('stg_lake__footprints') }}
),

indexed as (
    select
        source,
        count(*) as n_images,
        -- Nominal, to two digits: on a grid of degrees each image has its own, and one
        -- image more must not move the boxes of the others.
        round(max(gsd_m)::double, 1 - floor(log10(max(gsd_m)))::integer) as gsd_m,
        min(bbox.xmin)::double as west,
        min(bbox.ymin)::double as south,
        max(bbox.xmax)::double as east,
        max(bbox.ymax)::double as north,
        min(kind) as kind,
        min(license) as license,
        min(attribution) as attribution,
        bool_and(drawn) as drawn
    from footprints
    group by source
),

-- Images that were imported, where no footprints of their source are indexed.
imported as (
    select
        scenes.source,
        count(*) as n_images,
        round(
            max(scenes.gsd_m)::double, 1 - floor(log10(max(scenes.gsd_m)))::integer
        ) as gsd_m,
        min(scenes.west) as west,
        min(scenes.south) as south,
        max(scenes.east) as east,
        max(scenes.north) as north,
        'import' as kind,
        false as drawn
    from {{ ref('int_imported_scenes') }} as scenes
    anti join indexed using (source)
    group by scenes.source
),

known as (
    select * from indexed
    union all by name
    select * from imported
),

seed as (
    select * from {{ ref('imagery_sources') }}
),

views as (
    select * from {{ ref('image_views') }}
),

-- Where a source says nothing of it, its pixels' size tells an aeroplane from a satellite.
likely as (
    select
        known.source,
        arg_min(views.view, coalesce(views.max_gsd_m, 'infinity'::double)) as view
    from known
    inner join views on known.gsd_m <= coalesce(views.max_gsd_m, 'infinity'::double)
    group by known.source
)

select
    ---------- ids
    known.source,
    known.kind,
    coalesce(seed.name, 'local files') as name,
    seed.collection,
    ---------- numbers
    known.n_images,
    -- A service's images differ a little; one odd image must not move all boxes.
    case
        when known.kind in ('earthengine', 'stac') then coalesce(seed.gsd_m, known.gsd_m)
        else known.gsd_m
    end as gsd_m,
    known.west,
    known.south,
    known.east,
    known.north,
    ---------- terms
    -- The terms of a service are not those of a file that bears its code.
    case
        when known.kind in ('earthengine', 'stac') then known.license
        when seed.kind = known.kind or known.kind = 'import' then seed.license
    end as license,
    case
        when known.kind in ('earthengine', 'stac') then known.attribution
        when seed.kind = known.kind or known.kind = 'import' then seed.attribution
    end as attribution,
    case
        when known.kind in ('earthengine', 'stac', 'import') or seed.kind = known.kind
            then seed.redistributable::boolean
    end as redistributable,
    known.drawn,
    views.view,
    views.prefix as view_prefix,
    ---------- recipe and gates
    {{ var('jpeg_quality') }}::integer as jpeg_quality,
    {{ var('min_valid_fraction') }}::double as min_valid_fraction,
    {{ var('min_std') }}::double as min_std,
    {{ var('max_saturated_fraction') }}::double as max_saturated_fraction,
    {{ var('max_cloud_fraction') }}::double as max_cloud_fraction,
    string_split(seed.cloud_values, ' ')::integer[] as cloud_values,
    list_sum([
        1 << bit -- noqa: RF02
        for bit in string_split(seed.cloud_bits, ' ')::integer[]
    ])::integer as cloud_bits,
    ---------- which image of several
    '{{ var("image_choice") }}' as image_choice,
    nullif('{{ var("acquired_from") }}', '')::date as acquired_from,
    nullif('{{ var("acquired_to") }}', '')::date as acquired_to,
    {{ var('max_image_cloud_fraction') }}::double as max_image_cloud_fraction,
    'rgb8-native-grid;jpeg-{{ var("jpeg_quality") }}-444' as recipe
from known
left join seed on known.source = seed.source
left join likely on known.source = likely.source
left join views on coalesce(seed.view, likely.view) = views.view
