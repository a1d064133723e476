-- A node without a place has coordinates far outside the world: as good as missing.
create view nodes as
select
    id,
    lon,
    lat
from elements
where kind = 'node' and lon between -180 and 180 and lat between -90 and 90
