{{ config(tags=['shard']) }}

with current_snapshots as (
    select
        snapshot,
        snapshot_date
    from {{ ref('stg_lake__snapshots') }}
    where is_current
),

{% if var('reach') -%}
-- A shard knows the objects that reach into its places, {{ var('rule_sight_deg') }} degrees round
-- its tiles and boxes, and all versions of each.
reach as (
    select st_makeenvelope(west, south, east, north) as extent
    from read_parquet({{ text_list(var('reach')) }})
),

reaching as (
    select distinct stg.object_id
    from {{ ref('stg_lake__objects') }} as stg
    inner join reach on st_intersects_extent(stg.geometry, reach.extent)
),

{% endif -%}
candidates as (
    select
        stg.*,
        current_snapshots.snapshot_date
    from {{ ref('stg_lake__objects') }} as stg
    inner join current_snapshots using (snapshot)
    {%- if var('reach') %}
    semi join reaching on stg.object_id = reaching.object_id
    {%- endif %}
),

-- Regions may overlap: the highest version wins, then the later date, then the name.
current_objects as (
    select *
    from candidates
    qualify row_number() over (
        partition by object_id
        order by osm_version desc nulls last, snapshot_date desc nulls last, snapshot asc
    ) = 1
),

-- Tags that were imported with an image have no place of their own.
united as (
    select * from current_objects
    union all by name
    select * from {{ ref('int_imported_objects') }}
)

select
    ---------- ids
    object_id,
    osm_type,
    osm_id,
    kind,
    region,
    snapshot,
    ---------- numbers
    area_m2,
    length_m,
    osm_version,
    ---------- times
    osm_timestamp,
    snapshot_date,
    ---------- content
    tags,
    bbox,
    geometry
from united
