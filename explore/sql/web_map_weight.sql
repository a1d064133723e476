select count(*) as n
from scenes_in_tile()
