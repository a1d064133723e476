-- Scored pairs with what is counted of them.
select
    scored.similarity,
    images.scene_id,
    images.source,
    coalesce(scenes.split, 'none') as split
from scored_pairs as scored
inner join images on scored.image_id = images.image_id
left join scenes on images.scene_id = scenes.scene_id
