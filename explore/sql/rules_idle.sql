select
    rule_id,
    concat(key, '=', value) as matches
from tag_rules
where rule_id not in (select rule_id from shown_words where rule_id is not null)
order by rule_id
