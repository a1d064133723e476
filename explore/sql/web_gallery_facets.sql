-- What the filters offer: at most 300 of each kind, the most frequent first.
with found as (
    select
        'source' as facet,
        sources.source as name,
        count(images.image_id) as n
    from sources
    left join images on sources.source = images.source
    group by sources.source
    union all
    select
        'country' as facet,
        country as name,
        count(*) as n
    from gallery.scenes
    where country is not null
    group by country
    union all
    select
        'split' as facet,
        split as name,
        count(*) as n
    from gallery.scenes
    where split is not null
    group by split
    union all
    select
        'style' as facet,
        style as name,
        count(*) as n
    from captions
    group by style
    union all
    select
        'selection' as facet,
        selection as name,
        count(*) filter (where kept) as n
    from selections
    group by selection
    union all
    select
        'tag' as facet,
        concat(key, '=', value) as name,
        n_objects as n
    from tags
    where groundable_share > 0
    union all
    select
        'rule' as facet,
        decided_by as name,
        sum(n_objects)::bigint as n
    from tags
    where decided_by is not null and groundable_share > 0
    group by decided_by
)

select
    facet,
    name,
    n
from found
qualify row_number() over (partition by facet order by n desc, name asc) <= 300
order by facet asc, n desc, name asc
