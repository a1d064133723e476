{{ config(tags=['shard']) }}

-- Pixels meet words through the box and the request: a scene whose box has moved
-- since its chip was fetched has no image until the next fetch.
with scenes as (
    select * from {{ ref('scenes') }}
),

requests as (
    select * from {{ ref('stg_lake__requests') }}
),

fetched as (
    select * from {{ ref('stg_lake__ledger') }}
    where status = 'ok'
),

footprints as (
    select * from {{ ref('stg_lake__footprints') }}
),

asked as (
    select
        scene_id,
        request_id,
        source,
        unnest(source_image_ids) as source_image_id,
        unnest(source_image_sha256s) as sha256,
        generate_subscripts(source_image_ids, 1) as place
    from requests
),

-- The date and the pixels' size are those of the image on top, the terms of all.
pictured as (
    select
        asked.scene_id,
        asked.request_id,
        count(*) as n_images,
        arg_min(footprints.gsd_x_m, asked.place) as gsd_x_m,
        arg_min(footprints.gsd_y_m, asked.place) as gsd_y_m,
        arg_min_null(footprints.acquired, asked.place) as acquired,
        arg_min_null(footprints.acquired_precision, asked.place) as acquired_precision,
        nullif(array_to_string(list_sort(list(distinct footprints.license)), '; '), '')
            as license,
        nullif(array_to_string(list_sort(list(distinct footprints.attribution)), '; '), '')
            as attribution
    from asked
    inner join footprints
        on
            asked.source = footprints.source
            and asked.source_image_id = footprints.source_image_id
            -- A file of that name that holds other pixels has other facts.
            and asked.sha256 = footprints.sha256
    group by asked.scene_id, asked.request_id
),

objects as (
    select
        object_id,
        osm_timestamp
    from {{ ref('objects') }}
),

snapshots as (
    select
        snapshot,
        snapshot_date
    from {{ ref('stg_lake__snapshots') }}
),

sources as (
    select * from {{ ref('sources') }}
),

imported_images as (
    select * from {{ ref('stg_lake__imported_images') }}
),

seed as (
    select * from {{ ref('imagery_sources') }}
),

joined as (
    select
        scenes.scene_id,
        scenes.object_id,
        scenes.source,
        scenes.box_id,
        scenes.west,
        scenes.south,
        scenes.east,
        scenes.north,
        scenes.osm_snapshot,
        requests.request_id,
        requests.source_image_ids,
        requests.crs,
        requests.transform,
        requests.width_px,
        requests.height_px,
        requests.recipe,
        fetched.filepath,
        fetched.sha256,
        fetched.n_bytes,
        fetched.valid_fraction,
        fetched.drawn,
        pictured.gsd_x_m,
        pictured.gsd_y_m,
        pictured.acquired,
        pictured.acquired_precision,
        coalesce(pictured.license, sources.license) as license,
        coalesce(pictured.attribution, sources.attribution) as attribution,
        snapshots.snapshot_date,
        objects.osm_timestamp
    from scenes
    inner join requests
        on scenes.scene_id = requests.scene_id and scenes.box_id = requests.box_id
    inner join fetched
        on
            requests.request_id = fetched.request_id
            and requests.box_id = fetched.box_id
    inner join pictured
        on
            requests.scene_id = pictured.scene_id
            and requests.request_id = pictured.request_id
            and len(requests.source_image_ids) = pictured.n_images
    inner join sources on scenes.source = sources.source
    inner join snapshots on scenes.osm_snapshot = snapshots.snapshot
    inner join objects on scenes.object_id = objects.object_id
    -- A chip that passed a laxer gate once.
    where fetched.valid_fraction >= sources.min_valid_fraction
),

made_here as (
    select
        scene_id || '_' || coalesce(strftime(acquired, '%y'), 'xx') as image_id,
        *
    from joined
),

-- Published images, on a lattice of degrees. The terms are those of the source.
published as (
    select
        case
            when made_here.image_id is null then scenes.scene_id
            else scenes.scene_id || '_' || left(imported_images.request_id, 6)
        end as image_id,
        scenes.scene_id,
        scenes.object_id,
        scenes.source,
        scenes.box_id,
        scenes.west,
        scenes.south,
        scenes.east,
        scenes.north,
        scenes.osm_snapshot,
        imported_images.request_id,
        []::varchar[] as source_image_ids,
        'EPSG:4326' as crs,
        [
            (scenes.east - scenes.west) / scenes.width_px, 0, scenes.west,
            0, (scenes.south - scenes.north) / scenes.height_px, scenes.north
        ]::double[] as transform,
        scenes.width_px,
        scenes.height_px,
        'published' as recipe,
        imported_images.filepath,
        imported_images.sha256,
        imported_images.n_bytes,
        null::double as valid_fraction,
        imported_images.drawn,
        imported_scenes.gsd_x_m,
        imported_scenes.gsd_y_m,
        imported_images.acquired,
        imported_images.acquired_precision,
        coalesce(imported_images.license, seed.license) as license,
        coalesce(
            imported_images.attribution,
            trim(replace(
                replace(
                    seed.attribution,
                    '{year}',
                    coalesce(strftime(imported_images.acquired, '%Y'), '')
                ),
                '  ',
                ' '
            ))
        ) as attribution,
        null::date as snapshot_date,
        null::timestamp as osm_timestamp
    from scenes
    inner join imported_images on scenes.scene_id = imported_images.image_name
    inner join {{ ref('int_imported_scenes') }} as imported_scenes
        on scenes.scene_id = imported_scenes.scene_id
    left join seed on scenes.source = seed.source
    -- A chip of the same object, source and year that was fetched here keeps its name.
    left join made_here on scenes.scene_id = made_here.image_id
),

united as (
    select * from made_here
    union all by name
    select * from published
)

select
    ---------- ids
    image_id,
    scene_id,
    object_id,
    request_id,
    box_id,
    source,
    ---------- file
    filepath,
    sha256,
    n_bytes,
    ---------- place
    west,
    south,
    east,
    north,
    crs,
    transform,
    width_px,
    height_px,
    gsd_x_m,
    gsd_y_m,
    ---------- times
    acquired,
    acquired_precision,
    osm_snapshot,
    date_diff('day', acquired::date, snapshot_date)::integer as osm_age_days,
    date_diff('day', osm_timestamp::date, acquired::date)::integer as edit_age_days,
    ---------- provenance
    valid_fraction,
    source_image_ids,
    recipe,
    license,
    attribution,
    drawn
from united
