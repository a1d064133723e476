-- An element with a key that it has twice.
select 1
from read
where cardinality(tags) > 1 and list_unique(map_keys(tags)) <> cardinality(tags)
limit 1
