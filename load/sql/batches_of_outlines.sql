-- Ranges of ids with $size areas each: what one batch holds in memory.
with
areas as (
    select distinct osm_id as id
    from parts
),

numbered as (
    select
        id,
        (row_number() over (order by id) - 1) // $size as batch
    from areas
)

select
    min(id) as first,
    max(id) as last
from numbered
group by batch
order by batch
