{{ config(tags=['global']) }}

-- Hashes that differ in few bits, without comparing each with each: cut into two pieces
-- more than bits may differ, two such hashes share at least two pieces whole (the
-- pigeonhole of Manku, Jain and Das Sarma, "Detecting near-duplicates for web crawling",
-- 2007). Each pair of pieces is a mask, and only hashes equal under a mask are compared.
{%- set bits = var('near_image_bits') | int %}
{%- if bits < 0 or bits > 8 %}
{{- exceptions.raise_compiler_error('near_image_bits is ' ~ bits ~ ', and must be from 0 to 8') }}
{%- endif %}
{%- set n_pieces = bits + 2 %}
{%- set pieces = [] %}
{%- for n in range(n_pieces) %}
{%- set low = 64 * n // n_pieces %}
{%- set high = 64 * (n + 1) // n_pieces %}
{%- do pieces.append(2 ** high - 2 ** low) %}
{%- endfor %}
with looks as (
    select distinct phash
    from {{ ref('stg_lake__image_hashes') }}
    where image_sha256 in (select images.sha256 from {{ ref('images') }} as images)
),

masks (mask) as (
    values
    {%- for n in range(n_pieces) -%}
    {%- for m in range(n + 1, n_pieces) %}
    ({{ pieces[n] + pieces[m] }}::ubigint){{ ',' if n + 2 < n_pieces }}
    {%- endfor -%}
    {%- endfor %}
),

parts as (
    select
        looks.phash,
        masks.mask,
        looks.phash & masks.mask as part
    from looks
    cross join masks
)

select distinct
    one.phash,
    other.phash as near_phash,
    bit_count(xor(one.phash, other.phash))::integer as distance
from parts as one
inner join parts as other on one.mask = other.mask and one.part = other.part
where
    one.phash < other.phash
    and bit_count(xor(one.phash, other.phash)) <= {{ bits }}
