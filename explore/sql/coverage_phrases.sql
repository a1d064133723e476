-- Texts that several rules give to different keys: a caption cannot tell them apart.
with said as (
    select
        phrase,
        key,
        value,
        rule_id,
        count(*) as n
    from object_tags
    where groundable
    group by phrase, key, value, rule_id
),

written as (
    select
        phrase,
        key,
        value,
        rule_id,
        0 as n
    from tag_rules
    where
        phrase is not null
        and try_cast(max_gsd_m as double) > 0
        and rule_id not in (select said.rule_id from said)
),

givers as (
    select * from said
    union all by name
    select * from written
)

select
    phrase,
    sum(n)::bigint as n_objects,
    count(distinct rule_id) as n_rules,
    array_to_string(
        list_slice(
            list(concat(key, '=', value, ' (', rule_id, ')') order by n desc, key asc, value asc),
            1, 6
        ),
        ', '
    ) as givers
from givers
group by phrase
having count(distinct key) > 1 and count(distinct rule_id) > 1
order by n_objects desc, phrase asc
