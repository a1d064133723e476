-- The images whose box touches the one asked for.
select count(*) as n
from images
where in_sight(west, south, east, north)
