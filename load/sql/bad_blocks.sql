-- Grain: one block of the file that could not be read; nobody knows what it held.
create table bad_blocks (byte_offset bigint, detail varchar)
