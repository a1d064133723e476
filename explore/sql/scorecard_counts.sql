select
    (select count(*) from scorecard_judged) as n_rows,
    (select count(distinct rule_id) from scorecard_judged) as n_rules,
    (
        select count(*) from tag_rules
        where rule_id not in (select scorecard_judged.rule_id from scorecard_judged)
    ) as n_idle
