with used as (
    select distinct rule_id
    from shown_words
    where rule_id is not null
)

select
    tag_rules.rule_id,
    concat(tag_rules.key, '=', tag_rules.value) as matches
from tag_rules
left join used on tag_rules.rule_id = used.rule_id
where used.rule_id is null
order by tag_rules.rule_id
