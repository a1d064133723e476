-- Scored pairs of each selection by hundredths of similarity.
select
    selection,
    -- Six decimals are published; a float just below a hundredth belongs to it.
    floor(round(similarity * 1000000) / 10000)::integer as value,
    count(*) as n,
    count(*) filter (where kept) as n_kept
from selections
where similarity is not null
group by all
order by selection, value
