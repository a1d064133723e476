-- The columns of the public tables.
select
    table_name,
    column_name,
    data_type
from duckdb_columns()
where
    schema_name = 'main'
    and table_name in (select unnest(cast(getvariable('tables') as varchar[])))
order by table_name, column_index
