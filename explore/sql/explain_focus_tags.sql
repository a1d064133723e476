-- Each tag of the focus that a style does not say, and why.
with focus as (
    select explain_tags.*
    from explain_tags
    inner join scenes
        on
            explain_tags.scene_id = scenes.scene_id
            and explain_tags.object_id = scenes.object_id
),

styles as (
    select
        scene_id,
        style
    from captions
    where
        scene_id in (select unnest(cast(getvariable('scenes') as varchar[])))
        and (getvariable('style') is null or style = getvariable('style'))
),

said as (
    select distinct
        scene_id,
        style,
        object_id,
        key
    from caption_words
    where
        scene_id in (select unnest(cast(getvariable('scenes') as varchar[])))
        and role = 'focus'
),

able as (
    select
        scene_id,
        object_id,
        key
    from scene_tags
    where
        scene_id in (select unnest(cast(getvariable('scenes') as varchar[])))
        and role = 'focus'
)

select
    focus.scene_id,
    styles.style,
    focus.key,
    focus.value,
    focus.rule_id,
    focus.note,
    case
        when focus.outcome != 'visible' then focus.outcome
        when able.key is not null then 'style'
        when focus.is_attribute then 'attributes_only'
        else 'unknown'
    end as reason,
    case
        when focus.outcome = 'undecided' then 'nothing decides it'
        when focus.outcome = 'not_groundable' then 'no image can show it'
        when focus.outcome = 'too_coarse'
            then concat(
                'seen up to ', focus.max_gsd_m, ' m per pixel, here they measure ',
                focus.gsd_m
            )
        when able.key is not null then 'the style leaves it out'
        when focus.is_attribute then 'tells only how something is, and no tag what it is'
        else 'the tables do not say why'
    end as why
from focus
inner join styles on focus.scene_id = styles.scene_id
left join able
    on
        focus.scene_id = able.scene_id
        and focus.object_id = able.object_id
        and focus.key = able.key
left join said
    on
        focus.scene_id = said.scene_id
        and styles.style = said.style
        and focus.object_id = said.object_id
        and focus.key = said.key
where said.key is null
order by focus.scene_id asc, styles.style asc, focus.tag_rank asc nulls last, focus.key asc
