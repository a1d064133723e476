-- Each named selection: what it keeps, and what of the variety that came to it is lost.
with counted as (
    select
        selection,
        count(*) as n_images,
        count(*) filter (where kept) as n_kept,
        count(similarity) as n_scored,
        count(*) filter (where kept_by in ('tag', 'source')) as n_saved,
        min(similarity) filter (where kept and kept_by = 'share') as least_similarity
    from selections
    group by selection
),

losses as (
    select *
    from selection_losses
    where part = 'all'
)

select
    coalesce(losses.selection, counted.selection) as selection,
    losses.scorer,
    losses.model,
    losses.caption,
    losses.keep_share,
    coalesce(counted.n_images, 0) as n_images,
    coalesce(counted.n_kept, 0) as n_kept,
    coalesce(counted.n_scored, 0) as n_scored,
    coalesce(counted.n_saved, 0) as n_saved,
    counted.least_similarity,
    coalesce(losses.n_pairs, 0) as n_pairs,
    coalesce(losses.n_tags, 0) as n_tags,
    coalesce(losses.n_tags_lost, 0) as n_tags_lost,
    coalesce(losses.n_titles, 0) as n_titles,
    coalesce(losses.n_titles_lost, 0) as n_titles_lost,
    coalesce(losses.n_captions, 0) as n_captions,
    coalesce(losses.n_captions_lost, 0) as n_captions_lost
from counted
full join losses on counted.selection = losses.selection
order by coalesce(losses.selection, counted.selection)
