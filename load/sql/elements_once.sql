-- Grain: as of read. A key that is there twice makes a map unreadable: of its values the
-- first in order stays.
create view elements as
select * replace (
    map_from_entries(list_filter(
        list_sort(map_entries(tags)),
        lambda entry, i: i = 1 or entry.key <> list_sort(map_keys(tags))[i - 1]
    )) as tags
)
from read
