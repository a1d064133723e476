-- Whether a bounding box touches the one asked for, if one is. Where its west is east of
-- its east, it crosses the antimeridian.
create or replace temp macro in_box(place) as (
    getvariable('west') is null
    or (
        place.ymax >= getvariable('south')
        and place.ymin <= getvariable('north')
        and case
            when getvariable('west') <= getvariable('east')
                then place.xmax >= getvariable('west') and place.xmin <= getvariable('east')
            else place.xmax >= getvariable('west') or place.xmin <= getvariable('east')
        end
    )
)
