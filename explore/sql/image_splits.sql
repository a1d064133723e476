select
    split,
    count(distinct image_id) as n
from training_pairs
group by split
order by n desc, split asc
