-- Selections are scored, and their losses counted, in the first style that is built.
select coalesce(
    (
        select json_extract_string(value, '$[0]') from build_settings
        where name = 'caption_styles'
    ),
    (select shown_style.style from shown_style)
) as style
