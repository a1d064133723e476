{{ config(tags=['global']) }}

-- The vars that shaped this build, so that a reader can name the figure behind what was
-- left out. Without `tiles`, which says how a build is divided and not what it makes.
{% set names = [
    'acquired_from', 'acquired_to', 'area_margin_max', 'area_margin_min', 'area_shift',
    'caption_max_tokens', 'caption_styles', 'cell_fraction', 'image_choice', 'jpeg_quality',
    'line_anchor_tries', 'max_cloud_fraction', 'max_edit_age_days', 'max_focus_per_key',
    'max_focus_per_tag', 'max_gsd_m', 'max_image_cloud_fraction', 'max_px',
    'max_saturated_fraction', 'min_focus_px', 'min_px', 'min_std', 'min_valid_fraction',
    'near_caption_share', 'near_image_bits', 'point_max_px', 'point_shift',
    'point_shift_at_edge', 'rare_tag_below', 'seed', 'split_gap_m', 'split_gap_share',
    'split_test', 'split_test_regions', 'split_val', 'split_zoom', 'surrounding_min_px',
] %}

with settings (name, value) as (
    values
    {% for name in names %}
    {% set value = var(name) %}
    {#- YAML reads a day without quotes as a date, which is no JSON. #}
    {% set plain = value is string or name in ('acquired_from', 'acquired_to') %}
    {% set text = value | string if plain else value | tojson %}
    ('{{ name }}', '{{ text | replace("'", "''") }}'){{ "," if not loop.last }}
    {% endfor %}
)

select
    name::varchar as name,
    value::varchar as value
from settings
