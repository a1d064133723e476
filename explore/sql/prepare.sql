-- The report shows one caption style: the one that the training pairs are made of.
create or replace temp table shown_style as
select captions.style
from captions
left join training_pairs using (scene_id)
group by captions.style
order by
    count(*) filter (where training_pairs.title = captions.title) desc,
    count(*) desc,
    captions.style
limit 1;

create or replace temp view shown_captions as
select captions.*
from captions
where captions.style in (select shown_style.style from shown_style);

create or replace temp view shown_words as
select caption_words.*
from caption_words
where caption_words.style in (select shown_style.style from shown_style);

-- Statistics are over the scenes of the pairs, or over every caption while there is no pair.
create or replace temp table judged as
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
from captioned;

create or replace temp view focus_shapes as
select
    scenes.scene_id,
    case
        when objects.osm_type = 'relation' then 'relation'
        else coalesce(objects.kind, scenes.kind)
    end as shape
from scenes
left join objects using (object_id);
