-- The scorecard's rows that are asked for, in the order that is asked for.
select *
from scorecard_ranked
where
    coalesce(standing = getvariable('standing'), getvariable('standing') is null)
    and contains(lower(concat_ws(' ', rule_id, matches, note)), getvariable('words'))
order by ranks[getvariable('sort')] * if(getvariable('reverse'), -1, 1)
limit getvariable('most') offset getvariable('skip')
