{{ config(tags=['global']) }}

-- Which of the models that scored anything is a selection's scorer: the one of exactly
-- that name, or else those whose name without the digest it is.
with models as (
    select distinct model
    from {{ ref('stg_lake__scores') }}
    where model is not null
),

matched as (
    select
        selections.selection,
        models.model
    from {{ ref('stg_seeds__selections') }} as selections
    inner join models
        on
            selections.scorer = models.model
            or selections.scorer = regexp_replace(models.model, '@[^@]*$', '')
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
