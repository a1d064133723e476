{{ config(tags=['shard']) }}

-- The country in whose boundary an object's middle lies, where the extracts hold the
-- boundary whole.
with countries as (
    select
        object_id as country_id,
        coalesce(
            tags['ISO3166-1:alpha2'], tags['ISO3166-1'],
            tags['country_code_iso3166_1_alpha_2']
        ) as country
    from {{ ref('objects') }}
    where
        kind = 'area'
        and tags['boundary'] = 'administrative'
        and tags['admin_level'] = '2'
),

pieces as (
    select
        countries.country,
        pieces.geometry
    from {{ ref('int_area_pieces') }} as pieces
    inner join countries on pieces.object_id = countries.country_id
    -- OSM's text is anyone's: what is not a code names no country.
    where regexp_full_match(countries.country, '[A-Z]{2}')
),

middles as (
    select
        object_id,
        st_point((bbox.xmin + bbox.xmax) / 2, (bbox.ymin + bbox.ymax) / 2) as middle
    from {{ ref('objects') }}
    where bbox is not null
    union all by name
    -- Of an imported image the box is known, and not where in it the focus lies.
    select
        object_id,
        st_point(lon, lat) as middle
    from {{ ref('int_imported_scenes') }}
)

select
    middles.object_id,
    min(pieces.country) as country
from middles
inner join pieces on st_intersects_extent(middles.middle, pieces.geometry)
where st_intersects(middles.middle, pieces.geometry)
group by middles.object_id
