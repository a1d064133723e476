-- Which images lie in a box?
select
    image_id,
    west,
    south,
    east,
    north
from images
where west < 180 and east > -180 and south < 90 and north > -90
order by image_id
limit 100
