{{ config(tags=['global']) }}

-- Scores are of bytes and texts: what a rule has re-worded is not scored any more.
with captions as (
    select
        images.image_id,
        images.sha256,
        captions.title,
        captions.title_multi_objects,
        polished.polished
    from {{ ref('images') }} as images
    inner join {{ ref('captions') }} as captions on images.scene_id = captions.scene_id
    left join {{ ref('polished_captions') }} as polished
        on captions.scene_id = polished.scene_id and captions.style = polished.style
    where captions.style = '{{ var("caption_styles")[0] }}'
),

texts as (
    {% for caption in ('title', 'title_multi_objects', 'polished') -%}
    select
        image_id,
        sha256,
        '{{ caption }}' as caption,
        sha256({{ caption }}) as text_sha256
    from captions
    where {{ caption }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

asked as (
    select distinct
        selections.caption,
        scorers.model
    from {{ ref('stg_seeds__selections') }} as selections
    inner join {{ ref('int_selection_scorers') }} as scorers
        on selections.selection = scorers.selection
    where scorers.model is not null
)

select
    texts.image_id,
    texts.caption,
    scores.model,
    max(scores.similarity) as similarity
from texts
inner join asked on texts.caption = asked.caption
inner join {{ ref('stg_lake__scores') }} as scores
    on
        texts.sha256 = scores.image_sha256
        and texts.text_sha256 = scores.text_sha256
        and asked.model = scores.model
-- NaN would come before all.
where isfinite(scores.similarity)
group by texts.image_id, texts.caption, scores.model
