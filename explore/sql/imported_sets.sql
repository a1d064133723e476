-- What came with published images and not from an extract.
select
    regexp_replace(osm_snapshot, '^import:', '') as label,
    count(*) as n,
    count(*) as n_focus
from images
where starts_with(osm_snapshot, 'import:')
group by osm_snapshot
order by osm_snapshot
