-- How far objects moved: half of them by at most the median.
select
    quantile_disc(distance_m, 0.5) as median_m,
    quantile_disc(distance_m, 0.9) as p90_m,
    max(distance_m) as max_m,
    arg_max(object_id, (distance_m, object_id)) as farthest
from changes
where change = 'moved'
having count(*) > 0
