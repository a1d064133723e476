select
    selection,
    scorer,
    model,
    caption,
    keep_share,
    n_pairs,
    n_pairs_kept,
    n_tags,
    n_tags_lost,
    n_titles,
    n_titles_lost,
    n_captions,
    n_captions_lost
from selection_losses
where part = 'all'
order by n_pairs desc, selection asc
