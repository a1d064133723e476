-- How many titles, and images, there are by the number of images that share the title.
with titles as (
    select
        title,
        count(*) as n
    from judged_captions
    where title is not null
    group by title
),

ranged as (
    select
        n,
        case when n = 1 then 0 when n < 10 then 1 when n < 100 then 2 when n < 1000 then 3 else 4 end
            as place
    from titles
)

select
    ['1', '2 to 9', '10 to 99', '100 to 999', '1,000 or more'][place + 1] as shared_by,
    count(*) as n_titles,
    sum(n)::bigint as n_images
from ranged
group by place
order by place
