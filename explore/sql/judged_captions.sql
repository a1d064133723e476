-- The captions that statistics are over: one of each image of the pairs, or of each scene
-- while there is no pair.
with paired as (
    select distinct
        image_id as id,
        scene_id
    from training_pairs
    where style in (select shown_style.style from shown_style)
),

waiting as (
    select
        scene_id as id,
        scene_id
    from shown_captions
    where not exists (select 1 from paired)
),

united as (
    select * from paired
    union all
    select * from waiting
)

select
    united.id,
    united.scene_id,
    shown_captions.title,
    shown_captions.title_multi_objects
from united
inner join shown_captions on united.scene_id = shown_captions.scene_id
