-- Ranges of ids with getvariable('size')::bigint areas each: what one batch holds in memory.
with
areas as (
    select distinct osm_id as id
    from parts
),

numbered as (
    select
        id,
        (row_number() over (order by id) - 1) // getvariable('size')::bigint as batch
    from areas
)

select
    min(id) as first,
    max(id) as last
from numbered
group by batch
order by batch
