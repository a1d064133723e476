{{ config(tags=['shard']) }}

-- What may become a focus by which tag, and whether the sampled 0.01 degree cells hold it.
select
    candidates.object_id,
    candidates.source,
    tags.key,
    tags.value,
    {{ hash_unit("concat_ws(':', 'cap', candidates.object_id)") }} as place_in_line,
    {{ hash_unit(
        "concat_ws(':', 'cell', floor((candidates.west + candidates.east) * 50)::bigint, "
        ~ "floor((candidates.south + candidates.north) * 50)::bigint)"
    ) }}
    < {{ var('cell_fraction') }} as in_sampled_cell
from {{ ref('int_objects_in_imagery') }} as candidates
inner join {{ ref('int_visible_tags') }} as tags
    on candidates.object_id = tags.object_id and candidates.source = tags.source
