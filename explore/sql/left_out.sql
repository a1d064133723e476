-- Figures stay where they are the same for all, as those of a cut are.
select
    selection as source,
    if(min(why_not) = max(why_not), any_value(why_not), reason) as reason,
    count(*) as n,
    min(image_id, 3) as examples
from selections
where not kept
group by selection, selections.reason
order by selection asc, n desc, selections.reason asc
