-- The titles that most images share.
select
    title as label,
    n_images as n,
    n_sources
from shared_titles
where title is not null and n_images > 1
order by n_images desc, title asc
limit getvariable('most')
