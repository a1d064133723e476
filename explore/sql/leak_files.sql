-- Files of the same bytes in two splits.
with pictured as (
    select
        images.image_id,
        images.sha256,
        scenes.split
    from images
    inner join scenes on images.scene_id = scenes.scene_id
    where scenes.split in ('train', 'val', 'test')
),

shared as (
    select
        sha256,
        min(image_id) as first_id,
        max(image_id) as last_id
    from pictured
    group by sha256
    having min(split) != max(split)
)

select
    (
        select count(*) from pictured
        where split != 'train'
    ) as n_checked,
    (select count(*) from shared) as n_found,
    (
        select list(concat(first_id, ' and ', last_id) order by first_id)[1:3] from shared
    ) as examples
