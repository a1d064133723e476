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

seed as (
    select * from {{ ref('imagery_sources') }}
),

views as (
    select * from {{ ref('image_views') }}
),

-- Where a source says nothing of it, its pixels' size tells an aeroplane from a satellite.
likely as (
    select
        indexed.source,
        arg_min(views.view, coalesce(views.max_gsd_m, 'infinity'::double)) as view
    from indexed
    inner join views on indexed.gsd_m <= coalesce(views.max_gsd_m, 'infinity'::double)
    group by indexed.source
)

select
    ---------- ids
    indexed.source,
    indexed.kind,
    coalesce(seed.name, 'local files') as name,
    seed.collection,
    ---------- numbers
    indexed.n_images,
    -- A service's images differ a little; one odd image must not move all boxes.
    case
        when indexed.kind in ('earthengine', 'stac') then coalesce(seed.gsd_m, indexed.gsd_m)
        else indexed.gsd_m
    end as gsd_m,
    indexed.west,
    indexed.south,
    indexed.east,
    indexed.north,
    ---------- terms
    -- The terms of a service are not those of a file that bears its code.
    case
        when indexed.kind in ('earthengine', 'stac') then indexed.license
        when seed.kind = indexed.kind then seed.license
    end as license,
    case
        when indexed.kind in ('earthengine', 'stac') then indexed.attribution
        when seed.kind = indexed.kind then seed.attribution
    end as attribution,
    case
        when indexed.kind in ('earthengine', 'stac') or seed.kind = indexed.kind
            then seed.redistributable::boolean
    end as redistributable,
    indexed.drawn,
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
from indexed
left join seed on indexed.source = seed.source
left join likely on indexed.source = likely.source
left join views on coalesce(seed.view, likely.view) = views.view
