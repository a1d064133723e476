-- What marks a scene on the map: its split.
create or replace temp macro marked_scenes() as table (
    select
        *,
        coalesce(split, 'other') as mark
    from scenes_in_tile()
);
