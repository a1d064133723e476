-- Which pairs were left out of each selection, and why?
select
    selection,
    why_not,
    count(*) as n_images
from selections
where not kept
group by selection, why_not
order by selection asc, n_images desc
