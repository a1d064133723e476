-- The report shows one caption style: the one that most training pairs are made of.
with paired as (
    select
        scene_id,
        style,
        count(*) as n
    from training_pairs
    group by scene_id, style
)

select captions.style
from captions
left join paired
    on captions.scene_id = paired.scene_id and captions.style = paired.style
group by captions.style
order by coalesce(sum(paired.n), 0) desc, count(*) desc, captions.style asc
limit 1
