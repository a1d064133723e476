-- Grain: one tagged node, one way or one tagged relation, as libosmium read it: points and
-- lines. A way without a line has the counts that say why; version and time are null where
-- unknown.
with
lines as (
    select
        *,
        st_geomfromhexwkb(line) as drawn,
        osm_type = 'way'
        and st_xmin(drawn) = st_xmax(drawn)
        and st_ymin(drawn) = st_ymax(drawn) as is_dot
    from read_csv(
        getvariable('file'),
        delim = ' ',
        header = false,
        auto_detect = false,
        quote = '',
        escape = '',
        null_padding = true,
        strict_mode = false,
        max_line_size = 8000000,
        buffer_size = 8000000,
        columns = {
            'osm_type': 'varchar',
            'osm_id': 'bigint',
            'osm_version': 'integer',
            'seconds': 'bigint',
            'line': 'varchar',
            'n_nodes': 'integer',
            'n_missing': 'integer'
        }
    )
)

select
    osm_type,
    osm_id,
    nullif(osm_version, 0) as osm_version,
    nullif(make_timestamp(seconds * 1000000), '1970-01-01') as osm_timestamp,
    if(is_dot, null, drawn) as line,
    coalesce(n_nodes, st_npoints(drawn)) as n_nodes,
    coalesce(n_missing, 0) as n_missing
from lines
