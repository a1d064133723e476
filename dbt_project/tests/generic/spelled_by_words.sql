{# The trace gives back both texts; the longer one is also what its objects' phrases say,
   which were joined and counted apart from it. #}
{% test spelled_by_words(model) %}
with spelled as (
    select
        scene_id,
        style,
        caption,
        {{ joined_in_order('words', 'position') }} as text
    from {{ ref('caption_words') }}
    group by scene_id, style, caption
),

joined as (
    select
        phrases.scene_id,
        phrases.style,
        any_value(styles.form) as form,
        any_value(styles.prefix)
        || {{ joined_in_order(
            "case phrases.object_number when 1 then '' when 2 then styles.surroundings_lead "
            ~ "else case when phrases.is_last then styles.object_last_separator "
            ~ "else styles.object_separator end end || phrases.phrase",
            "phrases.object_number"
        ) }}
        || any_value(styles.suffix) as text
    from {{ ref('int_scene_phrases') }} as phrases
    inner join {{ ref('stg_seeds__caption_styles') }} as styles on phrases.style = styles.style
    group by phrases.scene_id, phrases.style
),

phrased as (
    select
        scene_id,
        style,
        'title_multi_objects' as caption,
        case form when 'sentence' then {{ capital_first('text') }} else text end as text
    from joined
),

expected as (
    select * from spelled
    union all by name
    select * from phrased
)

select
    captions.scene_id,
    captions.style,
    expected.caption,
    expected.text
from {{ model }} as captions
inner join expected using (scene_id, style)
where
    expected.text != case expected.caption
        when 'title' then captions.title
        else captions.title_multi_objects
    end
{% endtest %}
