-- The seed as it is written, in one digest; what decided words stands beside it.
select
    count(*) as n_rules,
    coalesce(
        left(md5(string_agg(to_json(tag_rules)::varchar, chr(10) order by rule_id)), 12), ''
    ) as digest,
    (
        select count(distinct shown_words.rule_id) from shown_words
        where shown_words.rule_id is not null
    ) as n_used,
    (
        select coalesce(list(distinct captions.style order by captions.style), [])
        from captions
    ) as styles
from tag_rules
