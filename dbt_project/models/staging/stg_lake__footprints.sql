with source as (
    select * from {{ source('lake', 'footprints') }}
)

select
    * replace (geometry::geometry as geometry),
    -- The rule of extract/choice.py: boxes lie where the planner may find an image.
    coalesce(cloud_fraction <= {{ var('max_image_cloud_fraction') }}, true)
    {%- if var('acquired_from') %}
    and coalesce(acquired::date >= '{{ var("acquired_from") }}'::date, false)
    {%- endif %}
    {%- if var('acquired_to') %}
    and coalesce(acquired::date <= '{{ var("acquired_to") }}'::date, false)
    {%- endif %} as is_eligible
from source
