-- Statistics are over the scenes of the pairs, or over every caption while there is no pair.
with paired as (
    select distinct training_pairs.scene_id
    from training_pairs
),

captioned as (
    select distinct shown_captions.scene_id
    from shown_captions
    where not exists (select 1 from paired)
)

select paired.scene_id
from paired
union all
select captioned.scene_id
from captioned
