-- How much there is to draw, and where; a box over the antimeridian reaches west of it.
select
    count(*) as n_scenes,
    (select count(*) from objects where geometry is not null) as n_objects,
    min(if(west > east, west - 360, west)) as west,
    min(south) as south,
    max(east) as east,
    max(north) as north
from scenes
