-- How one rule fares, place by place.
select
    source,
    country,
    n_objects,
    n_scenes,
    n_images,
    mean_similarity,
    n_audited,
    audit_accuracy
from rule_scorecard
where rule_id = getvariable('rule')
order by n_images desc, source asc, country asc nulls first
limit getvariable('most')
