with source as (
    select * from {{ ref('caption_styles') }}
),

renamed as (
    select
        ---------- ids
        style,
        coalesce(form, 'tags') as form,
        surrounding_only_key,
        string_split(surrounding_slots, '|') as surrounding_slots,
        ---------- words
        -- A separator may be empty, which a CSV cannot tell from missing.
        coalesce(prefix, '') as prefix,
        replace(coalesce(title_prefix, prefix, ''), '(none)', '') as title_prefix,
        coalesce(tag_separator_single, '') as tag_separator_single,
        coalesce(tag_first_separator, '') as tag_first_separator,
        coalesce(tag_separator, '') as tag_separator,
        coalesce(tag_last_separator, tag_separator, '') as tag_last_separator,
        coalesce(surroundings_lead, '') as surroundings_lead,
        coalesce(object_separator, '') as object_separator,
        coalesce(object_last_separator, object_separator, '') as object_last_separator,
        coalesce(suffix, '') as suffix,
        coalesce(another, '') as another,
        coalesce(other, '') as other,
        ---------- numbers
        try_cast(counted_fraction as double) as counted_fraction
    from source
    where list_contains({{ var("caption_styles") }}, style)
)

select * from renamed
