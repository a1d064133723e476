-- How far the rows have come, weakest first.
with standings as (
    select
        unnest([
            'often_wrong', 'no_scene', 'no_image', 'no_audit', 'few_answers', 'few_images',
            'models_err', 'sound', 'too_coarse', 'denies'
        ]) as standing,
        unnest(range(10)) as place
)

select
    standings.standing,
    standings.place,
    count(judged.rule_id) as n_rows,
    count(distinct judged.rule_id) as n_rules
from standings
left join scorecard_judged as judged on standings.standing = judged.standing
group by standings.standing, standings.place
order by standings.place asc
