-- Words that a caption may always say, or only where a fact says them.
select
    word,
    kind,
    value::integer as value
from read_csv(getvariable('seeds') || '/polish_words.csv', header = true, all_varchar = true)
order by word
