-- The titles that most images share.
select
    captions.title as label,
    count(*) as n,
    count(distinct images.source) as n_sources
from images
inner join captions on images.scene_id = captions.scene_id
where
    captions.style in (select first_style.style from first_style)
    and captions.title is not null
group by captions.title
having count(*) > 1
order by n desc, label asc
limit getvariable('most')
