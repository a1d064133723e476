-- Grain: as of read.
create view elements as
from read
