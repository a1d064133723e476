-- Images that look like one before them, the nearest first.
select
    image_id,
    duplicate_of,
    how,
    coalesce(distance, 0) as distance
from duplicates
where what = 'image'
order by coalesce(distance, 0) asc, duplicate_of asc, image_id asc
limit getvariable('most')
