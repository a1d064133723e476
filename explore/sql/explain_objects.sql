-- Each object of a scene that a style does not say, and the test that kept it out.
with settings as (
    select
        max(case when name = 'surrounding_min_px' then try_cast(value as double) end) as min_px,
        max(case when name = 'caption_max_tokens' then value end) as max_tokens
    from build_settings
),

spoken as (
    select distinct
        scene_id,
        style,
        object_id
    from caption_words
    where
        scene_id in (select unnest(cast(getvariable('scenes') as varchar[])))
        and object_id is not null
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

last_said as (
    select
        spoken.scene_id,
        spoken.style,
        max(explain_texts.object_rank) as object_rank
    from spoken
    inner join explain_texts
        on
            spoken.scene_id = explain_texts.scene_id
            and spoken.style = explain_texts.style
            and spoken.object_id = explain_texts.object_id
    group by spoken.scene_id, spoken.style
),

-- Of objects with one text, the most prominent comes first.
first_of_text as (
    select
        *,
        first_value(object_id) over (
            partition by scene_id, style, phrases order by object_rank asc, object_id asc
        ) as first_object_id
    from explain_texts
),

tags as (
    select
        scene_id,
        object_id,
        count(*) filter (where outcome != 'undecided') as n_decided,
        count(*) filter (where outcome in ('too_coarse', 'visible')) as n_groundable,
        count(*) filter (where outcome = 'visible') as n_visible,
        count(*) filter (where outcome = 'visible' and not is_attribute) as n_naming,
        max(max_gsd_m) as finest_need_m,
        any_value(gsd_m) as gsd_m,
        arg_min(
            concat(key, '=', value),
            (outcome = 'undecided', coalesce(tag_rank, 0), key, value)
        ) as label,
        arg_max(concat(key, '=', value), (max_gsd_m, key)) filter (where max_gsd_m > 0)
            as best_tag,
        array_to_string(
            list_slice(
                list(concat(key, '=', value) order by key)
                    filter (where outcome = 'undecided'),
                1, 3
            ),
            ', '
        ) as some_undecided,
        array_to_string(
            list_slice(
                list(concat(key, '=', value, ' (', rule_id, ')') order by tag_rank)
                    filter (where rule_id is not null),
                1, 3
            ),
            ', '
        ) as some_decisions
    from explain_tags
    group by scene_id, object_id
),

unsaid as (
    select
        styles.style,
        scene_objects.*
    from scene_objects
    inner join styles on scene_objects.scene_id = styles.scene_id
    left join spoken
        on
            scene_objects.scene_id = spoken.scene_id
            and styles.style = spoken.style
            and scene_objects.object_id = spoken.object_id
    where spoken.object_id is null
),

judged as (
    select
        unsaid.scene_id,
        unsaid.style,
        unsaid.object_id,
        unsaid.role,
        unsaid.kind,
        unsaid.extent_px,
        unsaid.rank,
        tags.* exclude (scene_id, object_id), -- noqa: RF02
        settings.min_px,
        settings.max_tokens,
        first_of_text.phrases,
        first_of_text.first_object_id,
        case
            when first_of_text.first_object_id != unsaid.object_id then 'same_text'
            when first_of_text.object_rank > coalesce(last_said.object_rank, 0) then 'over_budget'
            when first_of_text.object_id is not null then 'style'
            when coalesce(tags.n_decided, 0) = 0 then 'undecided'
            when tags.n_groundable = 0 then 'not_groundable'
            when tags.n_visible = 0 then 'too_coarse'
            when tags.n_naming = 0 then 'attributes_only'
            when unsaid.role = 'surrounding' and unsaid.extent_px < settings.min_px
                then 'too_small'
            else 'unknown'
        end as reason
    from unsaid
    cross join settings
    left join tags
        on unsaid.scene_id = tags.scene_id and unsaid.object_id = tags.object_id
    left join first_of_text
        on
            unsaid.scene_id = first_of_text.scene_id
            and unsaid.style = first_of_text.style
            and unsaid.object_id = first_of_text.object_id
    left join last_said
        on unsaid.scene_id = last_said.scene_id and unsaid.style = last_said.style
)

select
    scene_id,
    style,
    object_id,
    role,
    kind,
    coalesce(label, '') as tag,
    extent_px,
    reason,
    case reason
        when 'same_text'
            then concat('same words as ', first_object_id, ': ', array_to_string(phrases, ', '))
        when 'over_budget'
            then concat(
                'no room in the ', max_tokens, ' tokens of a caption for: ',
                array_to_string(phrases, ', ')
            )
        when 'style' then concat('the style leaves out: ', array_to_string(phrases, ', '))
        when 'undecided' then concat('nothing decides its tags: ', some_undecided)
        when 'not_groundable'
            then concat(
                'no image can show it: ', some_decisions,
                '; nothing decides ' || nullif(some_undecided, '')
            )
        when 'too_coarse'
            then concat(
                best_tag, ' is seen up to ', finest_need_m,
                ' m per pixel, here they measure ', gsd_m
            )
        when 'attributes_only'
            then concat('tells only how something is, not what it is: ', some_decisions)
        when 'too_small'
            then concat(
                'spans ', extent_px, ' pixels, at least ', min_px, ' are asked for'
            )
        else 'its tags and the tables do not say why'
    end as why
from judged
order by scene_id, style, rank
