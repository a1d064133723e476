select
    count(*) filter (where change = 'added') as n_added,
    count(*) filter (where change = 'lost') as n_lost,
    count(*) filter (where change = 'changed') as n_changed,
    count(*) filter (where change = 'same_text') as n_same_text,
    (select count(*) from captions_after)
    - count(*) filter (where change in ('added', 'changed', 'same_text')) as n_unchanged
from changed_captions
