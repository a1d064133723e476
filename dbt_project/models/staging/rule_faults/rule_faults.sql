with faults as (
    select * from {{ ref('rule_cell_faults') }}
    union all by name
    select * from {{ ref('rule_pair_faults') }}
)

select
    line,
    rule_id,
    fault,
    concat('tag_rules.csv:', line, ': ', what, '; ', remedy) as sentence
from faults
