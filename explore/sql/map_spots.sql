-- How many scenes of one split lie at each spot of the map.
select count(*) as n
from scenes
where west is not null
group by
    floor(if(west > east, west - 360, west) / getvariable('cell_lon')),
    floor(south / getvariable('cell_lat')),
    split
order by n
