select
    greatest(width_px, height_px) as value,
    count(*) as n
from images
where width_px is not null and height_px is not null
group by all
order by value
