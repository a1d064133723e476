select
    style,
    model,
    prompt,
    count(*) as n,
    count(*) filter (where caption_source = 'polished') as n_polished
from polished_captions
group by style, model, prompt
order by n desc, style asc, model asc, prompt asc
