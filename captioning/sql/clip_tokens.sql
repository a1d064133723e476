-- How many of CLIP's tokens spell a word.
select
    word,
    n_tokens::integer as n_tokens
from read_csv(getvariable('seeds') || '/clip_tokens.csv', header = true, all_varchar = true)
order by word
