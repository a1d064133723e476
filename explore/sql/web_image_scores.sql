select
    model,
    style,
    caption,
    similarity
from scores
where image_id = getvariable('image')
order by model, style, caption
limit 200
