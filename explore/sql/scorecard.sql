-- Each row with its place in the order of every column: names from A, counts from the
-- most, accuracies from the least; ties as in the order of standings.
with standings as (
    select
        standing,
        place
    from scorecard_standings
),

first_order as (
    select
        judged.*,
        row_number() over (
            order by
                standings.place asc,
                if(
                    judged.standing = 'models_err', judged.held_out_accuracy, judged.audit_accuracy
                ) asc nulls last,
                judged.n_images desc,
                judged.n_scenes desc,
                judged.n_objects desc,
                judged.rule_id asc,
                judged.source asc,
                judged.country asc nulls last
        ) as weakness
    from scorecard_judged as judged
    inner join standings on judged.standing = standings.standing
),

ranked as (
    select
        * exclude (weakness),
        map {
            'standing': weakness,
            'rule_id': row_number() over (order by rule_id asc, weakness asc),
            'source': row_number() over (order by source asc, weakness asc),
            'country': row_number() over (order by country asc nulls last, weakness asc),
            'max_gsd_m': row_number() over (order by max_gsd_m asc nulls last, weakness asc),
            'n_objects': row_number() over (order by n_objects desc, weakness asc),
            'n_scenes': row_number() over (order by n_scenes desc, weakness asc),
            'n_images': row_number() over (order by n_images desc, weakness asc),
            'mean_similarity':
            row_number() over (order by mean_similarity asc nulls last, weakness asc),
            'n_audited': row_number() over (order by n_audited desc, weakness asc),
            'audit_accuracy':
            row_number() over (order by audit_accuracy asc nulls last, weakness asc),
            'n_held_out': row_number() over (order by n_held_out desc, weakness asc),
            'held_out_accuracy':
            row_number() over (order by held_out_accuracy asc nulls last, weakness asc)
        } as ranks
    from first_order
)

select *
from ranked
order by ranks[getvariable('sort')]
limit getvariable('most')
