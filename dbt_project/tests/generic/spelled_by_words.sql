{# The trace is the caption: its words in order give back both texts. #}
{% test spelled_by_words(model) %}
with spelled as (
    select
        scene_id,
        style,
        caption,
        {{ joined_in_order('words', 'position') }} as text
    from {{ ref('caption_words') }}
    group by scene_id, style, caption
)

select
    captions.scene_id,
    captions.style,
    spelled.caption,
    spelled.text
from {{ model }} as captions
inner join spelled using (scene_id, style)
where
    spelled.text != case spelled.caption
        when 'title' then captions.title
        else captions.title_multi_objects
    end
{% endtest %}
