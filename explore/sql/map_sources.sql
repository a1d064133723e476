select
    west,
    south,
    east,
    north,
    source as split
from sources
where
    source in (select scenes.source from scenes)
    and west is not null and south is not null and east > west and north > south
order by source
