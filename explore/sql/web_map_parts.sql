-- The scenes whose box touches the one asked for.
select
    source,
    coalesce(split, 'none') as split,
    count(*) as n
from scenes
where in_sight(west, south, east, north)
group by source, coalesce(split, 'none')
order by n desc, source asc, split asc
limit 60
