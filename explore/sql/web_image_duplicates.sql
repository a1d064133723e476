-- What an image is a duplicate of, and what is one of it.
select
    what,
    how,
    if(image_id = getvariable('image'), duplicate_of, image_id) as other,
    image_id = getvariable('image') as later,
    distance,
    n_alike
from duplicates
where image_id = getvariable('image') or duplicate_of = getvariable('image')
order by what, how, later desc, distance asc nulls first, other asc
limit 50
