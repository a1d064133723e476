select
    selection,
    split,
    count(*) as n,
    count(distinct title) as n_titles
from training_pairs
where style in (select shown_style.style from shown_style)
group by selection, split
order by selection, split = 'test', split = 'val', split
