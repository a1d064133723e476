with chips as (
    select
        source,
        count(*) as n_images,
        bool_or(drawn) as drawn,
        bool_or(acquired_precision = 'year') as years_only,
        min(acquired) as acquired_first,
        max(acquired) as acquired_last,
        count(*) filter (where acquired is null) as n_undated,
        string_agg(distinct license, '; ' order by license) as license,
        string_agg(distinct attribution, '; ' order by attribution) as attribution
    from images
    group by source
),

boxes as (
    select
        source,
        count(*) as n_scenes
    from scenes
    group by source
)

select
    coalesce(sources.source, chips.source, boxes.source) as source,
    sources.name,
    sources.kind,
    sources.gsd_m,
    coalesce(chips.drawn, sources.drawn, false) as drawn,
    coalesce(boxes.n_scenes, 0) as n_scenes,
    coalesce(chips.n_images, 0) as n_images,
    coalesce(chips.n_undated, 0) as n_undated,
    coalesce(chips.years_only, false) as years_only,
    chips.acquired_first,
    chips.acquired_last,
    sources.redistributable,
    coalesce(nullif(chips.license, ''), nullif(sources.license, '')) as license,
    coalesce(nullif(chips.attribution, ''), nullif(sources.attribution, '')) as attribution
from sources
full join chips on sources.source = chips.source
full join boxes on coalesce(sources.source, chips.source) = boxes.source
where chips.n_images > 0 or boxes.n_scenes > 0
order by n_images desc, source asc
