-- Objects just outside the rule: they have its tag and fail one thing that it asks.
with tagged as (
    select
        object_id,
        kind,
        area_m2,
        tags,
        unnest(map_entries(tags)) as tag
    from objects
    where
        list_has_any(map_keys(tags), (select coalesce(list(distinct key), []) from rule_met))
        and in_box(bbox)
),

asked as (
    select
        tagged.object_id,
        tagged.kind,
        tagged.area_m2,
        rule_met.key,
        rule_met.value,
        rule_met.in_seed,
        rule_met.min_area_m2,
        rule_met.value_fails,
        -- Points and lines have no area: they are of the wrong geometry for a rule that asks one.
        coalesce(not list_contains(rule_met.kinds, tagged.kind), false)
        or (rule_met.min_area_m2 is not null and tagged.area_m2 is null) as kind_fails,
        coalesce(tagged.area_m2 < rule_met.min_area_m2, false) as area_fails,
        list_filter(
            map_entries(tagged.tags),
            lambda one : one.key glob rule_met.not_key and one.value glob rule_met.not_value
        )[1] as forbidden
    from tagged
    inner join rule_met
        on tagged.tag.key = rule_met.key and tagged.tag.value = rule_met.value
),

decided as (
    select
        object_id,
        key,
        rule_id
    from object_tags
    where key in (select rule_met.key from rule_met)
),

outside as (
    select
        asked.*,
        decided.rule_id as decided_by
    from asked
    left join decided on asked.object_id = decided.object_id and asked.key = decided.key
    where
        decided.rule_id is distinct from getvariable('rule')
        and asked.kind_fails::integer
        + asked.area_fails::integer
        + asked.value_fails::integer
        + (asked.forbidden is not null)::integer <= 1
)

select
    object_id,
    key,
    value,
    area_m2,
    decided_by,
    coalesce(area_fails and area_m2 * 2 >= min_area_m2, false) as is_close,
    case
        when kind_fails then 'geometry'
        when area_fails then 'min_area_m2'
        when value_fails then 'value'
        when forbidden is not null then 'not_key'
        when in_seed then 'priority'
        else 'model'
    end as condition,
    case
        when kind_fails then kind
        when area_fails then ''
        when value_fails then ''
        when forbidden is not null then forbidden.key
        else coalesce(decided_by, '')
    end as detail
from outside
