select
    key,
    value,
    n,
    train,
    val,
    test,
    gap
from focus_tags
order by n desc, key asc, value asc
