-- One row even for a rule that is no row of the seed.
select
    getvariable('rule') as rule_id,
    tag_rules.key,
    tag_rules.value,
    tag_rules.not_key,
    tag_rules.not_value,
    tag_rules.geometry,
    tag_rules.min_area_m2,
    tag_rules.max_gsd_m,
    tag_rules.phrase,
    tag_rules.priority,
    tag_rules.note,
    tag_rules.rule_id is not null as in_seed
from (select getvariable('rule') as rule_id) as asked
left join tag_rules on asked.rule_id = tag_rules.rule_id
