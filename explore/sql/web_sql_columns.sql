-- The public tables, without what the explorer has made for its own queries.
select
    table_name,
    column_name,
    data_type
from duckdb_columns()
where
    schema_name = 'main'
    and not internal
    and table_name not in ('shown_style', 'shown_captions', 'shown_words', 'focus_shapes')
order by table_name, column_index
