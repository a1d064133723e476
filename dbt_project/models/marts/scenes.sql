{{ config(tags=['shard']) }}

with boxes as (
    select * from {{ ref('int_scene_boxes') }}
),

sized as (
    select * from {{ ref('int_box_sizes') }}
),

focus_objects as (
    select
        object_id,
        source
    from {{ ref('int_focus_objects') }}
),

objects as (
    select
        object_id,
        snapshot,
        list_contains({{ text_list(var('split_test_regions')) }}, region) as in_test_region
    from {{ ref('objects') }}
),

countries as (
    select * from {{ ref('int_object_countries') }}
),

snapshots as (
    select * from {{ ref('int_snapshot_extents') }}
),

test_tiles as (
    select
        tile_x,
        tile_y
    from {{ ref('int_test_tiles') }}
),

imported as (
    select * from {{ ref('int_imported_scenes') }}
),

located as (
    select
        boxes.object_id || '_' || boxes.source as scene_id,
        boxes.* exclude (lon, lat), -- noqa: RF02
        sized.kind,
        sized.gsd_m,
        objects.snapshot as osm_snapshot,
        objects.in_test_region,
        countries.country,
        (boxes.west + boxes.east) / 2 as lon,
        (boxes.south + boxes.north) / 2 as lat,
        -- From the box's centre to the focus, or the line's node it stands on.
        (boxes.lon - (boxes.west + boxes.east) / 2) * boxes.metres_per_lon as offset_x_m,
        (boxes.lat - (boxes.south + boxes.north) / 2) * boxes.metres_per_lat as offset_y_m
    from boxes
    inner join focus_objects using (object_id, source)
    inner join sized using (object_id, source)
    inner join objects on boxes.object_id = objects.object_id
    left join countries on boxes.object_id = countries.object_id
    union all by name
    select
        imported.* exclude (gsd_x_m, gsd_y_m, tags_digest), -- noqa: RF02
        false as in_test_region,
        countries.country
    from imported
    left join countries on imported.object_id = countries.object_id
),

-- Every tile that a box plus the gap touches must be of the same split.
scene_tiles as (
    select
        object_id,
        source,
        unnest({{ split_tiles('located') }}, recursive := true)
    from located
),

tile_splits as (
    select
        scene_tiles.object_id,
        scene_tiles.source,
        case
            {% if var('split_test_regions') -%}
            when test_tiles.tile_x is not null then 'test'
            when {{ hash_unit("concat_ws(':', 'split', tile_x, tile_y)") }} < {{ var('split_val') }}
                then 'val'
            {%- else -%}
            when {{ hash_unit("concat_ws(':', 'split', tile_x, tile_y)") }} < {{ var('split_val') }}
                then 'val'
            when
                {{ hash_unit("concat_ws(':', 'split', tile_x, tile_y)") }}
                < {{ var('split_val') }} + {{ var('split_test') }}
                then 'test'
            {%- endif %}
            else 'train'
        end as split
    from scene_tiles
    left join test_tiles using (tile_x, tile_y)
),

splits as (
    select
        object_id,
        source,
        min(split) as split
    from tile_splits
    group by object_id, source
    having min(split) = max(split)
),

-- The snapshots whose objects may lie in the box.
box_snapshots as (
    select
        located.object_id,
        located.source,
        list(snapshots.snapshot order by snapshots.snapshot asc) as osm_snapshots,
        md5(string_agg(snapshots.digest, ' ' order by snapshots.snapshot asc)) as osm_digest
    from located
    inner join snapshots
        on
            located.west <= snapshots.east
            and located.east >= snapshots.west
            and located.south <= snapshots.north
            and located.north >= snapshots.south
    where not coalesce(starts_with(located.osm_snapshot, 'import:'), false)
    group by located.object_id, located.source
    union all by name
    -- Its own metadata says what an imported image shows.
    select
        object_id,
        source,
        [osm_snapshot] as osm_snapshots,
        tags_digest as osm_digest
    from imported
)

select
    ---------- ids
    located.scene_id,
    located.object_id,
    located.source,
    md5(concat_ws(
        ',',
        printf('%.7f', located.west), printf('%.7f', located.south),
        printf('%.7f', located.east), printf('%.7f', located.north),
        located.source
    )) as box_id,
    located.kind,
    ---------- numbers
    located.west,
    located.south,
    located.east,
    located.north,
    located.width_px,
    located.height_px,
    located.gsd_m,
    round(located.offset_x_m, 3) as offset_x_m,
    round(located.offset_y_m, 3) as offset_y_m,
    ---------- place
    {{ quadkey_of('located.lon', 'located.lat') }} as quadkey,
    located.country,
    case
        -- What lies among the test regions without being of one.
        when splits.split = 'test' and {{ var('split_test_regions') | length }} > 0
            then case when located.in_test_region then 'test' else 'gap' end
        else coalesce(splits.split, 'gap')
    end as split,
    ---------- provenance
    located.osm_snapshot,
    box_snapshots.osm_snapshots,
    box_snapshots.osm_digest,
    ---------- geometry
    -- Rounded outward, so that a filter on bbox never loses a box.
    {
        'xmin': located.west - 1e-5, 'ymin': located.south - 1e-5,
        'xmax': located.east + 1e-5, 'ymax': located.north + 1e-5
    }::struct(xmin float, ymin float, xmax float, ymax float) as bbox,
    st_makeenvelope(located.west, located.south, located.east, located.north) as geometry
from located
left join splits using (object_id, source)
inner join box_snapshots using (object_id, source)
