-- Grain: one tagged node or relation, or one way, of the file: what DuckDB's reader adds to
-- libosmium's.
select
    kind::varchar as osm_type,
    id as osm_id,
    tags,
    refs[1] = refs[-1] as is_closed,
    lon,
    lat,
    if(kind = 'relation', refs, null) as refs,
    if(kind = 'relation', ref_types::varchar[], null) as ref_types
from st_readosm(getvariable('file'))
where tags is not null or kind = 'way'
