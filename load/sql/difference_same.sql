-- How many objects are the same in both snapshots.
select
    (select count(*) from after)
    - (select count(distinct object_id) filter (where change <> 'removed') from changes)
