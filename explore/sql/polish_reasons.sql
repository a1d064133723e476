-- How many captions had an answer refused for each rule of the check, out of all.
with reasons as (
    select unnest(reasons) as reason
    from polished_captions
    union all
    select 'any' as reason
    from polished_captions
    where len(reasons) > 0
)

select
    reason,
    count(*) as n,
    count(*) / (select count(*) from polished_captions) as share
from reasons
group by reason
order by reason = 'any' desc, n desc, reason asc
