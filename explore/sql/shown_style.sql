-- The report shows one caption style: the one that most training pairs are made of.
with paired as (
    select
        style,
        count(*) as n
    from training_pairs
    group by style
),

captioned as (
    select
        style,
        count(*) as n
    from captions
    group by style
)

select captioned.style
from captioned
left join paired on captioned.style = paired.style
order by coalesce(paired.n, 0) desc, captioned.n desc, captioned.style asc
limit 1
