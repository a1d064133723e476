-- The rows that are asked for, each with where it stands on the way from a rule to a model.
with asked as (
    select
        rule_scorecard.*,
        scorecard_rules.matches,
        coalesce(scorecard_rules.in_seed, false) as in_seed,
        scorecard_rules.max_gsd_m,
        scorecard_rules.note,
        sources.gsd_m,
        rule_scorecard.n_audited
        - round(rule_scorecard.n_audited * rule_scorecard.audit_accuracy) as n_audited_wrong,
        rule_scorecard.n_held_out
        - round(rule_scorecard.n_held_out * rule_scorecard.held_out_accuracy)
            as n_held_out_wrong
    from rule_scorecard
    left join scorecard_rules on rule_scorecard.rule_id = scorecard_rules.rule_id
    left join sources on rule_scorecard.source = sources.source
    where
        coalesce(rule_scorecard.source = getvariable('source'), getvariable('source') is null)
        and coalesce(
            rule_scorecard.country = getvariable('country'), getvariable('country') is null
        )
)

select
    asked.* exclude (n_audited_wrong, n_held_out_wrong), -- noqa: RF02
    case
        when asked.n_scenes = 0 and asked.max_gsd_m = 0 then 'denies'
        when asked.n_scenes = 0 and asked.gsd_m > asked.max_gsd_m then 'too_coarse'
        when asked.n_scenes = 0 then 'no_scene'
        when asked.n_images = 0 then 'no_image'
        when
            asked.audit_accuracy < limits.wrong_below
            and asked.n_audited_wrong >= limits.few_wrong
            then 'often_wrong'
        when asked.n_audited = 0 then 'no_audit'
        when asked.n_audited < limits.few_answers then 'few_answers'
        when asked.n_images < limits.few_images then 'few_images'
        when
            asked.held_out_accuracy < limits.wrong_below
            and asked.n_held_out_wrong >= limits.few_wrong
            then 'models_err'
        else 'sound'
    end as standing,
    rejects.reject_reason,
    rejects.n_rejected
from asked
cross join scorecard_limits as limits
left join scorecard_rejects as rejects
    on asked.rule_id = rejects.rule_id and asked.source = rejects.source
