select
    image_name,
    getvariable('dataset')::varchar as dataset,
    folder,
    source,
    west,
    south,
    east,
    north,
    width_px,
    height_px,
    acquired,
    acquired_precision,
    center_tags::map(varchar, varchar) as center_tags,
    surrounding_tags::map(varchar, varchar)[] as surrounding_tags,
    request_id,
    filepath,
    sha256,
    n_bytes,
    license,
    attribution,
    drawn
from read_rows
where why_not is null
