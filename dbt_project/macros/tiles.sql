{# Whether a quadkey belongs to this build's shard: the var `tiles`, empty for all. #}
{% macro in_tiles(quadkey) -%}
{%- if var('tiles') -%}
(
{%- for tile in var('tiles') -%}
{{ ' or ' if not loop.first }}starts_with({{ quadkey }}, '{{ tile }}')
{%- endfor -%}
)
{%- else -%}
true
{%- endif -%}
{%- endmacro %}

{# Whether an object belongs to this build's shard: by the centre of its extent, on tiles
   that are open to the east and south. #}
{% macro owned(geometry) -%}
{{ in_tiles(quadkey_of(
    '(st_xmin(' ~ geometry ~ ') + st_xmax(' ~ geometry ~ ')) / 2',
    '(st_ymin(' ~ geometry ~ ') + st_ymax(' ~ geometry ~ ')) / 2'
)) }}
{%- endmacro %}

{# Web mercator ends near 85.05 degrees; what lies beyond belongs to its edge tile. #}
{% macro quadkey_of(lon, lat) -%}
st_quadkey({{ lon }}, least(greatest({{ lat }}, -85.05), 85.05), 23)
{%- endmacro %}

{# The tiles of the splits that a box plus its gap touches, as a list of structs; of a
   relation with box, metres in a degree, pixels and gsd_m. #}
{% macro split_tiles(box) -%}
{%- set gap_m -%}
greatest(
            {{ var('split_gap_m') }},
            {{ var('split_gap_share') }}
            * greatest({{ box }}.width_px, {{ box }}.height_px) * {{ box }}.gsd_m
        )
{%- endset -%}
flatten(list_transform(
        range(
            {{ tile_x(box ~ '.west - ' ~ gap_m ~ ' / ' ~ box ~ '.metres_per_lon', var('split_zoom')) }},
            {{ tile_x(box ~ '.east + ' ~ gap_m ~ ' / ' ~ box ~ '.metres_per_lon', var('split_zoom')) }} + 1
        ),
        lambda tile_x : list_transform(
            range(
                {{ tile_y(box ~ '.north + ' ~ gap_m ~ ' / ' ~ box ~ '.metres_per_lat', var('split_zoom')) }},
                {{ tile_y(box ~ '.south - ' ~ gap_m ~ ' / ' ~ box ~ '.metres_per_lat', var('split_zoom')) }} + 1
            ),
            lambda tile_y : {'tile_x': tile_x, 'tile_y': tile_y}
        )
    ))
{%- endmacro %}

{# A var's list of texts as SQL. #}
{% macro text_list(texts) -%}
[
{%- for text in texts -%}
{{ ', ' if not loop.first }}'{{ text | replace("'", "''") }}'
{%- endfor -%}
]::varchar[]
{%- endmacro %}
