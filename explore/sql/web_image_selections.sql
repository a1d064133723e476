-- What each selection says of one image, and in which styles it is a training pair.
with pairs as (
    select
        selection,
        list(distinct style order by style) as styles
    from training_pairs
    where image_id = getvariable('image')
    group by selection
)

select
    selections.selection,
    selections.similarity,
    selections.kept,
    selections.kept_by,
    selections.reason,
    selections.why_not,
    coalesce(pairs.styles, []) as styles
from selections
left join pairs on selections.selection = pairs.selection
where selections.image_id = getvariable('image')
order by selections.selection
