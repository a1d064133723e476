-- What marks a scene on the map: whether the selection keeps an image of it.
create or replace temp macro marked_scenes() as table (
    with chosen as (
        select image_id
        from selections
        where selection = getvariable('selection') and kept
    ),

    kept_scenes as (
        select distinct scene_id
        from images
        where image_id in (select chosen.image_id from chosen)
    )

    select
        *,
        if(scene_id in (select kept_scenes.scene_id from kept_scenes), 'kept', 'left_out')
            as mark
    from scenes_in_tile()
);
