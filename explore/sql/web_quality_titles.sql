-- The best pair of each distinct title: a cut above it loses the title.
select max(cut_pairs.similarity) as best
from cut_pairs
inner join captions on cut_pairs.scene_id = captions.scene_id
where
    captions.style in (select first_style.style from first_style)
    and captions.title is not null
group by captions.title
