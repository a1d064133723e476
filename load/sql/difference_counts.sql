-- Changes by what happened and to which kind of object, as it is after or, if removed,
-- was before. Those with a caveat are counted in n as well.
with
kinds as (
    select
        *,
        coalesce(kind_after, kind_before) as kind
    from changes
)

select
    change,
    kind,
    count(*) as n,
    count(*) filter (where caveat = 'outside') as n_outside,
    count(*) filter (where caveat = 'rejected') as n_rejected
from kinds
group by change, kind
order by
    list_position(['added', 'removed', 'retagged', 'redrawn', 'moved'], change),
    list_position(['point', 'line', 'area'], kind)
