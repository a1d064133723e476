select
    min(if(west > east, west - 360, west)) as west,
    min(south) as south,
    max(east) as east,
    max(north) as north,
    '' as split
from scenes
where west is not null
having count(*) > 0
