-- The changes for a file without nested types.
select
    * replace (
        to_json(tags_before)::varchar as tags_before,
        to_json(tags_after)::varchar as tags_after,
        to_json(keys_changed)::varchar as keys_changed
    )
from changes
