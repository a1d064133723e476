-- One row per node, way and relation of the file, as it stands there.
create table elements as
with
raw as (
    select
        *,
        list_sort(map_entries(tags)) as entries
    from st_readosm($file)
)

select
    kind,
    id,
    refs,
    ref_types,
    -- A sorted map gives the same bytes whatever order the file had. A key that is there
    -- twice would make the map unreadable: the first value in order stays.
    map_from_entries(
        case
            when list_unique(map_keys(tags)) = len(entries) then entries
            else list_filter(
                entries, lambda entry, i: i = 1 or entry.key <> entries[i - 1].key
            )
        end
    ) as tags,
    -- OSM counts in steps of 1e-7 degrees; the reader leaves noise behind the last one.
    round(lon, 7) as lon,
    round(lat, 7) as lat
from raw
