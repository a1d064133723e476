with used as (
    select
        rule_id,
        count(*) as n_words,
        count(distinct scene_id) as n_scenes,
        arg_min(words, (scene_id, caption, position)) as example
    from shown_words
    where rule_id is not null
    group by rule_id
)

select
    used.rule_id,
    used.n_words,
    used.n_scenes,
    used.example,
    case when tag_rules.rule_id is not null then concat(tag_rules.key, '=', tag_rules.value) end
        as matches
from used
left join tag_rules on used.rule_id = tag_rules.rule_id
order by used.n_words desc, used.rule_id asc
limit 30
