with pairs as (
    select *
    from training_pairs
    where style in (select shown_style.style from shown_style)
)

select
    (select count(distinct image_id) from pairs) as n_pairs,
    (select count(distinct title) from pairs) as n_titles,
    (select count(distinct title_multi_objects) from pairs) as n_multi_titles,
    (select count(*) from objects) as n_objects,
    (select count(*) from scenes) as n_scenes,
    (select count(*) from images) as n_images,
    (
        select count(*) from images
        where drawn
    ) as n_drawn,
    (select count(distinct source) from images) as n_sources,
    (select count(*) from judged) as n_judged,
    (select style from shown_style) as style
