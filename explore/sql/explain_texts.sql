-- What each style would say of each object that has something to say.
with able as (
    select
        scene_tags.*,
        caption_styles.style,
        caption_styles.surrounding_only_key,
        bool_or(scene_tags.key = caption_styles.surrounding_only_key) over (
            partition by caption_styles.style, scene_tags.scene_id, scene_tags.object_id
        ) as has_only_key
    from scene_tags
    cross join caption_styles
    where
        scene_tags.scene_id in (select unnest(cast(getvariable('scenes') as varchar[])))
        and (getvariable('style') is null or caption_styles.style = getvariable('style'))
)

select
    scene_id,
    style,
    object_id,
    any_value(object_rank) as object_rank,
    list(phrase order by tag_rank) as phrases
from able
where
    role = 'focus'
    or not coalesce(has_only_key, false)
    or key = surrounding_only_key
group by scene_id, style, object_id
