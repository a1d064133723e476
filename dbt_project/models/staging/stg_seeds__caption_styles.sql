with source as (
    select * from {{ ref('caption_styles') }}
),

renamed as (
    select
        style,
        surrounding_only_key,
        -- A separator may be empty, which a CSV cannot tell from missing.
        coalesce(prefix, '') as prefix,
        coalesce(tag_separator_single, '') as tag_separator_single,
        coalesce(tag_first_separator, '') as tag_first_separator,
        coalesce(tag_separator, '') as tag_separator,
        coalesce(surroundings_lead, '') as surroundings_lead,
        coalesce(object_separator, '') as object_separator,
        coalesce(suffix, '') as suffix
    from source
    where list_contains({{ var("caption_styles") }}, style)
)

select * from renamed
