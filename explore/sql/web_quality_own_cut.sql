-- Where the selection itself cuts: the least similarity that its share keeps.
select min(similarity) as value
from selections
where
    getvariable('model') is null
    and selection = getvariable('selection')
    and kept_by = 'share'
