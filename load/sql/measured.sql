-- Grain: one shape with its measures, or the reason why there is none. Within 0.03 degrees,
-- and away from the poles, a plane in metres is as good as the ellipsoid (to 0.05 %) at a
-- tenth of the cost; the spheroid functions read latitude before longitude.
with
wanted as (
    select *
    from shapes
    where
        reason is not null
        or getvariable('clip') is null
        or st_intersects(geometry, st_geomfromhexwkb(getvariable('clip')::varchar))
),

bounded as (
    select
        *,
        st_xmin(geometry) as west,
        st_ymin(geometry) as south,
        st_xmax(geometry) as east,
        st_ymax(geometry) as north,
        greatest(east - west, north - south) <= 0.03
        and greatest(abs(south), abs(north)) <= 60 as is_small,
        metres_east((south + north) / 2) as x_metres,
        metres_north((south + north) / 2) as y_metres
    from wanted
)

select
    osm_type,
    osm_id,
    kind,
    reason,
    detail,
    case
        when kind <> 'area' then null
        when is_small then st_area(geometry) * x_metres * y_metres
        else st_area_spheroid(st_flipcoordinates(geometry))
    end as area_m2,
    case
        when kind <> 'line' then null
        when is_small
            then st_length(st_affine(geometry, x_metres, 0, 0, y_metres, 0, 0))
        else st_length_spheroid(st_flipcoordinates(geometry))
    end as length_m,
    osm_version,
    osm_timestamp,
    -- Rounded outward: a box in single precision must not cut its object.
    {
        'xmin': if(west::float > west, nextafter(west::float, '-inf'::float), west::float),
        'ymin': if(south::float > south, nextafter(south::float, '-inf'::float), south::float),
        'xmax': if(east::float < east, nextafter(east::float, 'inf'::float), east::float),
        'ymax': if(north::float < north, nextafter(north::float, 'inf'::float), north::float)
    } as bbox,
    geometry
from bounded
