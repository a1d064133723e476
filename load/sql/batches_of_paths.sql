-- Ranges of way ids with $size ways each: what one batch holds in memory.
with
numbered as (
    select
        id,
        (row_number() over (order by id) - 1) // $size as batch
    from elements
    where kind = 'way'
)

select
    min(id) as first,
    max(id) as last
from numbered
group by batch
order by batch
