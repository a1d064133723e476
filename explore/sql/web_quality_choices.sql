-- What a cut can be looked at over: selections, with how many of the pairs that come to
-- them their own scorer has scored, and where that cuts (the least that its share keeps); then each model and the caption that it scored.
with of_selections as (
    select
        selection,
        count(similarity) filter (
            where coalesce(reason, '') not in ('edited_far_from_image', 'gap', 'no_caption')
        ) as n_scored,
        min(similarity) filter (where kept_by = 'share') as cut
    from selections
    group by selection
),

of_models as (
    select
        model,
        caption,
        count(*) as n_scored
    from scores
    where style in (select first_style.style from first_style)
    group by model, caption
)

select
    selection,
    null as model,
    null as caption,
    n_scored,
    cut
from of_selections
union all by name
select
    null as selection,
    model,
    caption,
    n_scored,
    null as cut
from of_models
order by selection asc nulls last, model asc nulls first, caption asc nulls first
