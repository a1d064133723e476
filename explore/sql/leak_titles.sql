-- Titles of val and test that train has too.
with titles as (
    select
        captions.title,
        min(leak_scenes.place) as first_place,
        max(leak_scenes.place) as last_place
    from leak_scenes
    inner join shown_captions as captions on leak_scenes.scene_id = captions.scene_id
    where captions.title is not null
    group by captions.title
),

shared as (
    select title
    from titles
    where first_place = 0 and last_place > 0
)

select
    (
        select count(*) from titles
        where titles.last_place > 0
    ) as n_checked,
    (select count(*) from shared) as n_found,
    (select list(shared.title order by shared.title)[1:3] from shared) as examples
