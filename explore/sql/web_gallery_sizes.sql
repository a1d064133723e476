-- What decides how the gallery searches: sizes, and what there is to compare images by.
select
    (select count(*) from images) as n_images,
    (select count(*) from scores) as n_scores,
    (select count(*) from embeddings where kind = 'image') as n_embedded,
    (select shown_style.style from shown_style) as style
