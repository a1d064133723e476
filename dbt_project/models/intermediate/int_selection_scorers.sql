{{ config(tags=['global']) }}

-- Which of the models that scored anything is a selection's scorer: the one of exactly
-- that name, or else those whose name without the digest it is, with or without the tag
-- of the weights.
with scored as (
    select distinct model
    from {{ ref('stg_lake__scores') }}
    where model is not null
),

models as (
    select
        scored.model,
        regexp_replace(scored.model, '@[^@]*$', '') as name,
        known.name || '/' || known.pretrained as tagged_name
    from scored
    left join {{ ref('stg_lake__models') }} as known on scored.model = known.model
),

matched as (
    select
        selections.selection,
        models.model
    from {{ ref('stg_seeds__selections') }} as selections
    inner join models
        on selections.scorer in (models.model, models.name, models.tagged_name)
    qualify
        (selections.scorer = models.model)
        = bool_or(selections.scorer = models.model) over (partition by selections.selection)
)

select
    selection,
    -- Scores of several models are never mixed.
    case when count(*) = 1 then min(model) end as model,
    list_sort(list(model)) as models
from matched
group by selection
