-- The scored pairs of the question: by the selection's own scorer, or by a model, of one
-- caption, of the pairs that come to a selection or of all.
with own as (
    select
        image_id,
        similarity
    from selections
    where
        getvariable('model') is null
        and selection = getvariable('selection')
        and coalesce(reason, '') not in ('edited_far_from_image', 'gap', 'no_caption')
        and similarity is not null
),

by_model as (
    select
        image_id,
        similarity
    from scores
    where
        model = getvariable('model')
        and caption = getvariable('caption')
        and style in (select first_style.style from first_style)
        and (
            getvariable('selection') is null
            or image_id in (
                select selections.image_id
                from selections
                where
                    selections.selection = getvariable('selection')
                    and coalesce(selections.reason, '')
                    not in ('edited_far_from_image', 'gap', 'no_caption')
            )
        )
)

select * from own
union all
select * from by_model
