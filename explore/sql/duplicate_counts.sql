-- What comes again, and how often what it is like lies in another split.
with splits as (
    select
        images.image_id,
        scenes.split
    from images
    inner join scenes on images.scene_id = scenes.scene_id
)

select
    duplicates.what,
    duplicates.how,
    count(*) as n,
    (select count(*) from images) as n_images,
    count(*) filter (
        where
        mine.split != first.split
        and mine.split in ('train', 'val', 'test')
        and first.split in ('train', 'val', 'test')
    ) as n_across,
    max(duplicates.n_alike) as n_most_alike
from duplicates
left join splits as mine on duplicates.image_id = mine.image_id
left join splits as first on duplicates.duplicate_of = first.image_id
group by duplicates.what, duplicates.how
order by
    case duplicates.what when 'image' then 0 when 'title' then 1 else 2 end,
    case duplicates.how when 'same_file' then 0 when 'near' then 2 else 1 end,
    duplicates.what,
    duplicates.how
