{{ config(tags=['global'], alias='selections') }}

-- Which pairs each named selection keeps, and why not the others. In this order: what no
-- selection can use; what is not scored; duplicates; the cut, and what the floors save
-- from it; the sizes of val and test.
{%- set scored_style = var('caption_styles')[0] %}
{%- set days = var('max_edit_age_days') %}
with selections as (
    select * from {{ ref('stg_seeds__selections') }}
),

scorers as (
    select * from {{ ref('int_selection_scorers') }}
),

captions as (
    select
        captions.scene_id,
        captions.title,
        captions.title_multi_objects,
        polished.polished
    from {{ ref('captions') }} as captions
    left join {{ ref('polished_captions') }} as polished
        on captions.scene_id = polished.scene_id and captions.style = polished.style
    where captions.style = '{{ scored_style }}'
),

images as (
    select
        images.image_id,
        images.scene_id,
        images.source,
        scenes.split,
        looks.phash,
        coalesce(looks.phash::varchar, images.sha256) as look,
        captions.title is not null as has_title,
        captions.title_multi_objects is not null as has_title_multi_objects,
        captions.polished is not null as has_polished,
        {{ days }} > 0 and coalesce(abs(images.edit_age_days), 2147483647) > {{ days }}
            as is_far_from_edit
    from {{ ref('images') }} as images
    inner join {{ ref('scenes') }} as scenes on images.scene_id = scenes.scene_id
    left join captions on images.scene_id = captions.scene_id
    left join {{ ref('stg_lake__image_hashes') }} as looks
        on images.sha256 = looks.image_sha256
),

candidates as (
    select
        selections.*,
        images.image_id,
        images.scene_id,
        images.source,
        images.split,
        images.phash,
        images.look,
        scores.similarity,
        scorers.models,
        case
            when images.is_far_from_edit then 'edited_far_from_image'
            when images.split = 'gap' then 'gap'
            when not case selections.caption
                when 'title' then images.has_title
                when 'title_multi_objects' then images.has_title_multi_objects
                else images.has_polished
            end then 'no_caption'
            when selections.scorer is null then null
            when len(scorers.models) > 1 then 'several_scorers'
            when scores.similarity is null then 'not_scored'
        end as reason
    from images
    cross join selections
    left join scorers on selections.selection = scorers.selection
    left join {{ ref('int_caption_scores') }} as scores
        on
            images.image_id = scores.image_id
            and selections.caption = scores.caption
            and scorers.model = scores.model
),

-- One total order for all that follows: the better, then what its name's md5 says.
ordered as (
    select
        *,
        row_number() over (
            partition by selection
            order by similarity desc nulls last, md5(image_id) asc, image_id asc
        ) as place
    from candidates
    where reason is null
),

alike as (
    select
        *,
        first_value(image_id) over (partition by selection, look order by place)
            as best_alike
    from ordered
),

different as (
    select *
    from alike
    where drop_duplicates = 'none' or image_id = best_alike
),

neighbours as (
    {{ near_hashes_both_ways() }}
),

-- Of two neighbours the worse goes, whether or not the better one stays: what is left
-- holds no two that are near.
near_better as (
    select
        one.selection,
        one.image_id,
        arg_min(better.image_id, better.place) as better_image_id,
        arg_min(neighbours.distance, better.place) as n_bits
    from different as one
    inner join neighbours on one.phash = neighbours.phash
    inner join different as better
        on neighbours.near_phash = better.phash and one.selection = better.selection
    where one.drop_duplicates = 'near' and better.place < one.place
    group by one.selection, one.image_id
),

ranked as (
    select
        different.*,
        row_number() over (partition by different.selection order by different.place) as number,
        count(*) over (partition by different.selection) as n_ranked
    from different
    anti join near_better using (selection, image_id)
),

cut as (
    select
        *,
        -- The least whole number that is not below the share.
        number <= (keep_billionths::hugeint * n_ranked + 999999999) // 1000000000 as in_share,
        row_number() over (partition by selection, source order by number) <= min_per_source
            as in_best_of_source
    from ranked
),

cut_values as (
    select
        selection,
        min(similarity) filter (where in_share) as least_similarity
    from cut
    group by selection
),

said as (
    select distinct
        scene_id,
        caption,
        key,
        value
    from {{ ref('caption_words') }}
    where
        style = '{{ scored_style }}'
        and key is not null
        and (select max(selections.min_per_tag) from selections) > 0
),

-- A polished caption says what the longer one does.
best_of_tag as (
    select distinct
        selection,
        image_id
    from (
        select
            cut.selection,
            cut.image_id,
            cut.min_per_tag,
            row_number() over (
                partition by cut.selection, said.key, said.value order by cut.number
            ) as number_of_tag
        from cut
        inner join said
            on
                cut.scene_id = said.scene_id
                and said.caption = replace(cut.caption, 'polished', 'title_multi_objects')
        where cut.min_per_tag > 0
    ) as tagged
    where number_of_tag <= min_per_tag
),

saved as (
    select
        cut.*,
        case
            when cut.in_share then 'share'
            when best_of_tag.image_id is not null then 'tag'
            when cut.in_best_of_source then 'source'
        end as saved_by
    from cut
    left join best_of_tag
        on cut.selection = best_of_tag.selection and cut.image_id = best_of_tag.image_id
),

-- Which pairs of a split that is too large stay is a matter of hashes, not of scores.
sized as (
    select
        selection,
        image_id,
        saved_by,
        case
            when split = 'val' and turn > n_val then 'over_n_val'
            when split = 'test' and turn > n_test then 'over_n_test'
        end as reason
    from (
        select
            *,
            row_number() over (
                partition by selection, split
                order by md5(image_id || ':{{ var("seed") }}'), image_id
            ) as turn
        from saved
        where saved_by is not null
    ) as turns
),

decided as (
    select
        candidates.*,
        sized.saved_by,
        near_better.better_image_id,
        near_better.n_bits,
        alike.best_alike,
        coalesce(
            candidates.reason,
            case
                when
                    candidates.drop_duplicates != 'none' and alike.best_alike != alike.image_id
                    then 'exact_duplicate'
                when near_better.image_id is not null then 'near_duplicate'
                when sized.image_id is null then 'below_cut'
                else sized.reason
            end
        ) as why
    from candidates
    left join alike
        on candidates.selection = alike.selection and candidates.image_id = alike.image_id
    left join near_better
        on
            candidates.selection = near_better.selection
            and candidates.image_id = near_better.image_id
    left join sized
        on candidates.selection = sized.selection and candidates.image_id = sized.image_id
)

select
    decided.selection,
    decided.image_id,
    decided.similarity,
    decided.why is null as kept,
    case when decided.why is null then decided.saved_by end as kept_by,
    decided.why as reason,
    case decided.why
        when 'edited_far_from_image'
            then 'last edit over {{ days }} days from the image, or unknown'
        when 'gap' then 'in the gap between two splits'
        when 'no_caption' then 'no ' || replace(decided.caption, 'polished', 'polished caption')
        when 'several_scorers'
            then decided.scorer || ' is several models: ' || array_to_string(decided.models, ', ')
        when 'not_scored' then 'not scored'
        when 'exact_duplicate' then 'exact duplicate of ' || decided.best_alike
        when 'near_duplicate'
            then
                'near duplicate of ' || decided.better_image_id
                || ' (' || decided.n_bits || ' of 64 bits)'
        when 'below_cut' then 'below the cut of ' || round(cut_values.least_similarity, 6)
        when 'over_n_val' then 'over the ' || decided.n_val || ' pairs of val'
        when 'over_n_test' then 'over the ' || decided.n_test || ' pairs of test'
    end as why_not
from decided
left join cut_values on decided.selection = cut_values.selection
