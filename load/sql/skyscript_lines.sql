-- One file of captions, row by row, and which image each row names.
create or replace table caption_lines as
select
    -- No path of a row is ever opened: it names one of the images that were found.
    regexp_extract(
        filepath, '^(?:[a-z0-9]{1,20}/)?([anwr][0-9]{1,18}_[A-Z0-9]{2}_(?:[0-9]{2}|xx))[.]jpg$', 1
    ) as image_name,
    lines.*
from (
    select
        row_number() over () + 1 as line,
        *
    from read_csv(
        getvariable('csv'),
        header = true,
        all_varchar = true,
        delim = ',',
        quote = '"',
        escape = '"',
        max_line_size = 1000000,
        ignore_errors = true,
        store_rejects = true,
        rejects_table = 'csv_errors',
        rejects_scan = 'csv_scans',
        parallel = false
    )
) as lines
