-- A caption that comes again is a row of duplicates: all the others are different ones.
select
    coalesce(sum(shared.n_images), 0)::bigint as n_images,
    count(shared.title) as n_titles,
    (
        coalesce(sum(shared.n_captions), 0)
        - (
            select count(*) from duplicates
            where duplicates.what = 'title_multi_objects' and duplicates.how = 'same_text'
        )
    )::bigint as n_captions
from shared_titles as shared
