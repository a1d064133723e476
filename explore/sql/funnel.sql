-- From objects to pairs: how many come to each step, and what became of the others.
with candidates as (
    select
        object_id,
        source
    from scenes
    union
    select
        object_id,
        source
    from scene_rejects
),

pictured as (
    select distinct scene_id from images
),

paired as (
    select distinct image_id from training_pairs
),

scene_losses as (
    select
        reason,
        count(*) as n
    from scene_rejects
    group by reason
),

image_losses as (
    select
        image_rejects.reason,
        count(distinct image_rejects.scene_id) as n
    from image_rejects
    where image_rejects.scene_id not in (select pictured.scene_id from pictured)
    group by image_rejects.reason
),

-- An image in no selection has a reason in each; those of the widest one count.
widest as (
    select selection
    from selections
    group by selection
    order by count(*) filter (where kept) desc, selection asc
    limit 1
),

pair_losses as (
    select
        coalesce(selections.reason, 'no reason given') as reason,
        count(*) as n
    from selections
    where
        selections.selection in (select widest.selection from widest)
        and selections.image_id not in (select paired.image_id from paired)
        and not selections.kept
    group by selections.reason
),

losses as (
    select
        3 as place,
        *
    from scene_losses
    union all
    select
        4 as place,
        *
    from image_losses
    union all
    select
        5 as place,
        *
    from pair_losses
),

told as (
    select
        place,
        sum(n)::bigint as n_told,
        list({'reason': coalesce(reason, 'no reason given'), 'n': n} order by n desc, reason asc)
            as reasons
    from losses
    group by place
),

steps as (
    select
        1 as place,
        'objects of the map' as what,
        (select count(*) from objects) as n,
        null::bigint as n_before
    union all
    select
        2 as place,
        'objects that an image shows' as what,
        (select count(distinct candidates.object_id) from candidates) as n,
        (select count(*) from objects) as n_before
    union all
    select
        3 as place,
        'scenes: a box round an object, for one source' as what,
        (select count(*) from scenes) as n,
        (select count(*) from candidates) as n_before
    union all
    select
        4 as place,
        'scenes with an image' as what,
        (select count(*) from pictured) as n,
        (select count(*) from scenes) as n_before
    union all
    select
        5 as place,
        'images in a pair of some selection' as what,
        (select count(*) from paired) as n,
        (select count(*) from images) as n_before
)

select
    steps.what,
    steps.n,
    steps.n_before,
    coalesce(told.reasons, []) as reasons,
    -- What no table gives a reason for.
    greatest(coalesce(steps.n_before, steps.n) - steps.n - coalesce(told.n_told, 0), 0)
        as n_untold
from steps
left join told on steps.place = told.place
order by steps.place
