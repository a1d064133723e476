select
    count(*) filter (where decided_by is null) as n_undecided,
    count(*) as n_tags
from tags
