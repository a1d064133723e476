-- What became of each file: an image, or a reason why not. A name stands once.
create or replace table read_rows as
select
    *,
    case
        when reason is not null then reason
        when row_number() over (
            partition by image_name, reason is null order by folder
        ) > 1 then 'same_name'
    end as why_not
from read_json(
    getvariable('parts'),
    format = 'newline_delimited',
    maximum_object_size = 67108864,
    columns = {
        folder: 'varchar', image_name: 'varchar', reason: 'varchar', detail: 'varchar',
        source: 'varchar', filepath: 'varchar', sha256: 'varchar', n_bytes: 'bigint',
        request_id: 'varchar', width_px: 'integer', height_px: 'integer',
        west: 'double', south: 'double', east: 'double', north: 'double',
        acquired: 'timestamp', acquired_precision: 'varchar',
        center_tags: 'json', surrounding_tags: 'json',
        license: 'varchar', attribution: 'varchar', drawn: 'boolean'
    }
);
