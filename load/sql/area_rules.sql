-- Grain: one row of the area rules.
create table area_rules as
select *
from read_csv(
    getvariable('rules'),
    header = true,
    columns = {
        'key': 'varchar', 'value': 'varchar', 'is_area': 'boolean', 'note': 'varchar'
    }
)
