-- The tags that the rule decides, of objects that touch the box, if one is asked for.
select
    object_id,
    key,
    value,
    groundable,
    max_gsd_m
from object_tags
where
    rule_id = getvariable('rule')
    and (
        getvariable('west') is null
        or object_id in (
            select objects.object_id
            from objects
            where in_box(objects.bbox)
        )
    )
