-- Rules of the seed that decide nothing: for want of a tag, of an object that meets what
-- they ask, or because others win wherever they match. One that a single rule always
-- beats comes first: it may be superfluous, where many winners make it a fallback.
with tagged as (
    select
        object_id,
        kind,
        area_m2,
        tags,
        unnest(map_entries(tags)) as tag
    from objects
    where
        list_has_any(
            map_keys(tags),
            (select coalesce(list(distinct coverage_idle_tags.key), []) from coverage_idle_tags)
        )
),

asked as (
    select
        rules.rule_id,
        tagged.object_id,
        rules.key,
        case
            when
                coalesce(not list_contains(rules.kinds, tagged.kind), false)
                or (rules.min_area_m2 is not null and tagged.area_m2 is null)
                then 'geometry'
            when tagged.area_m2 < rules.min_area_m2 then 'min_area_m2'
            when rules.value_fails then 'value'
            when
                len(list_filter(
                    map_entries(tagged.tags),
                    lambda one : one.key glob rules.not_key and one.value glob rules.not_value
                )) > 0
                then 'not_key'
            else 'priority'
        end as fails
    from tagged
    inner join coverage_idle_tags as rules
        on tagged.tag.key = rules.key and tagged.tag.value = rules.value
),

won as (
    select
        asked.rule_id,
        asked.fails,
        case when asked.fails = 'priority' then object_tags.rule_id end as winner,
        count(*) as n
    from asked
    left join object_tags
        on asked.object_id = object_tags.object_id and asked.key = object_tags.key
    group by all
),

summed as (
    select
        rule_id,
        sum(n)::bigint as n_tags,
        coalesce(sum(n) filter (where fails = 'priority'), 0)::bigint as n_shadowed,
        count(distinct winner) as n_winners,
        array_to_string(
            list_slice(
                list(concat(winner, ' (', n, ')') order by n desc, winner asc)
                    filter (where winner is not null),
                1, 3
            ),
            ', '
        ) as winners,
        array_to_string(
            list(concat(fails, ' (', n, ')') order by n desc, fails asc)
                filter (where fails != 'priority'),
            ', '
        ) as conditions
    from won
    group by rule_id
)

select
    tag_rules.rule_id,
    concat(tag_rules.key, '=', tag_rules.value) as matches,
    case
        when summed.rule_id is null then 'no_tag'
        when summed.n_shadowed > 0 then 'shadowed'
        else 'no_object'
    end as reason,
    coalesce(summed.n_tags, 0) as n_tags,
    coalesce(summed.n_shadowed, 0) as n_shadowed,
    coalesce(summed.n_winners, 0) as n_winners,
    coalesce(summed.winners, '') as winners,
    coalesce(summed.conditions, '') as conditions
from tag_rules
left join summed on tag_rules.rule_id = summed.rule_id
where tag_rules.rule_id not in (select object_tags.rule_id from object_tags)
order by
    (summed.n_shadowed > 0) desc nulls last,
    summed.n_winners asc,
    summed.n_shadowed desc,
    summed.n_tags desc,
    tag_rules.rule_id asc
