-- Images that look like one of another split. Which images were hashed is known by what
-- came of it alone; `duplicates` holds each against the nearest one before it.
with splits as (
    select
        images.image_id,
        scenes.split
    from images
    inner join scenes on images.scene_id = scenes.scene_id
    where scenes.split in ('train', 'val', 'test')
),

alike as (
    select
        duplicates.image_id,
        duplicates.duplicate_of,
        mine.split,
        first.split as first_split
    from duplicates
    inner join splits as mine on duplicates.image_id = mine.image_id
    inner join splits as first on duplicates.duplicate_of = first.image_id
    where duplicates.what = 'image' and duplicates.how in ('same_hash', 'near')
)

select
    case
        when
            exists (
                select 1 from duplicates
                where duplicates.what = 'image' and duplicates.how in ('same_hash', 'near')
            )
            then (
                select count(*) from splits
                where splits.split != 'train'
            )
        else 0
    end as n_checked,
    (
        select count(*) from alike
        where alike.split != alike.first_split
    ) as n_found,
    (
        select
            list(
                concat(
                    alike.image_id, ' (', alike.split, ') and ', alike.duplicate_of,
                    ' (', alike.first_split, ')'
                )
                order by alike.image_id
            )[1:3]
        from alike
        where alike.split != alike.first_split
    ) as examples
