select
    name,
    value
from build_settings
order by name
