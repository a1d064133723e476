-- What people answered of each rule at each source; n_images are the image-rule pairs that
-- the answers stand for.
select
    rule_id,
    source,
    sum(n_images)::bigint as n_all,
    sum(n_audited)::bigint as n,
    coalesce(sum(round(n_audited * audit_accuracy)), 0)::bigint as n_right
from rule_scorecard
where n_images > 0
group by rule_id, source
order by source, rule_id
