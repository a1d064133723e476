select
    selection,
    split,
    count(*) as n,
    count(distinct title) as n_titles
from training_pairs
group by selection, split
order by selection, split = 'test', split = 'val', split
