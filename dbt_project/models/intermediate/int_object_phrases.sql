{{
    config(
        tags=['shard'],
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ forget_stale(ref('int_scene_words')) }}",
        post_hook="{{ note_made_from() }}"
    )
}}

-- Each text that is said in a scene, once. In the form `tags` it is all that may be said
-- of one object; in the form `sentence` things of the same words are one text and counted.
with tags as (
    select * from {{ ref('int_scene_tags') }}
    {{ not_yet_here() }}
),

objects as (
    select
        scene_id,
        style,
        object_id,
        role,
        object_rank,
        {{ joined_in_order('lead_words || phrase', 'tag_number') }} as phrase,
        any_value(fingerprint) as fingerprint
    from tags
    where slot is null
    group by scene_id, style, object_id, role, object_rank
),

-- The focus has the first rank and is never its own surrounding.
listed as (
    select
        scene_id,
        style,
        arg_min(object_id, object_rank) as object_id,
        arg_min(role, object_rank) as role,
        min(object_rank) as object_rank,
        '' as opening,
        '' as amount,
        phrase,
        1 as n_objects,
        false as is_plural,
        any_value(fingerprint) as fingerprint
    from objects
    group by scene_id, style, phrase
),

things as (
    select
        scene_id,
        style,
        object_id,
        role,
        object_rank,
        {{ joined_in_order(
            'lead_words || phrase', 'tag_number', "slot in ('before', 'noun')"
        ) }} as one,
        {{ joined_in_order(
            'lead_words || coalesce(plural, phrase)', 'tag_number', "slot in ('before', 'noun')"
        ) }} as several,
        coalesce({{ joined_in_order(
            'lead_words || phrase', 'tag_number', "slot in ('after', 'with')"
        ) }}, '') as tail,
        min_by(article, tag_number) as article,
        bool_or(slot = 'noun' and article = '') as is_mass,
        bool_or(plural is not null) as has_plural,
        any_value(fingerprint) as fingerprint
    from tags
    where slot is not null
    group by scene_id, style, object_id, role, object_rank
),

-- A line may be a piece of a longer one, and an area that is cut off is a part: neither
-- counts as a thing. The size is that of the whole, beside the box.
measured as (
    select
        things.*,
        styles.another,
        styles.other,
        scene_objects.kind != 'line' as is_thing,
        scene_objects.kind != 'line'
        and coalesce(scene_objects.visible_fraction, 1) >= styles.counted_fraction as is_whole,
        scene_objects.share_of_box / nullif(scene_objects.visible_fraction, 0) as size
    from things
    inner join {{ ref('stg_seeds__caption_styles') }} as styles on things.style = styles.style
    inner join {{ ref('scene_objects') }} as scene_objects
        on
            things.scene_id = scene_objects.scene_id
            and things.object_id = scene_objects.object_id
),

gathered as (
    select
        scene_id,
        style,
        role,
        one,
        arg_min(
            {
                'object_id': object_id, 'several': several, 'tail': tail, 'article': article,
                'is_mass': is_mass, 'has_plural': has_plural, 'another': another, 'other': other,
                'size': size
            },
            object_rank
        ) as first_object,
        min(object_rank) as object_rank,
        count(*) filter (where is_thing) as n_things,
        count(*) filter (where is_whole) as n_whole,
        any_value(fingerprint) as fingerprint
    from measured
    group by scene_id, style, role, one
),

compared as (
    select
        * exclude (first_object),
        unnest(first_object), -- noqa: AL03
        max(one) filter (where role = 'focus') over (partition by scene_id, style) as focus,
        role = 'surrounding' and one = focus as is_same
    from gathered
),

counted as (
    select
        *,
        role = 'surrounding' and has_plural and n_things >= 2 as is_plural,
        case when role = 'focus' then 'size' else 'count' end as scale,
        case
            when role = 'focus' then coalesce(size, -1)
            when is_plural and n_whole >= 2 then n_whole
            -- What is not measured is below every scale.
            else -1
        end as amount
    from compared
    where
        focus is not null
        -- What reads like the focus is another thing only where it is a thing.
        and (not is_same or (n_things > 0 and has_plural))
),

spoken as (
    select
        counted.* exclude (amount, n_things), -- noqa: RF02
        counted.amount > 0 as is_counted,
        coalesce(
            case when counted.is_mass then scales.words_of_mass else scales.words end || ' ', ''
        ) as scale_words,
        coalesce(scales.article, counted.article) as scale_article,
        case
            when not counted.is_plural then 1
            when counted.amount > 0 then counted.amount
            else counted.n_things
        end as n_objects
    from counted
    asof left join {{ ref('plain_scales') }} as scales
        on counted.scale = scales.scale and counted.amount >= scales.from_value
),

opened as (
    select
        *,
        case
            when is_plural then case when is_same and not is_counted then other else '' end
            when is_same then another
            when is_mass and scale_words = '' then ''
            when scale_words = '' then article || ' '
            else scale_article || ' '
        end as opening,
        scale_words
        || case when is_plural and is_same and is_counted then other else '' end as amount
    from spoken
),

sentences as (
    select
        scene_id,
        style,
        object_id,
        role,
        object_rank,
        opening,
        amount,
        opening || amount || case when is_plural then several else one end || tail as phrase,
        n_objects::integer as n_objects,
        is_plural,
        fingerprint
    from opened
    -- Two nouns may have one plural.
    qualify row_number() over (partition by scene_id, style, phrase order by object_rank) = 1
)

select * from listed
union all by name
select * from sentences
