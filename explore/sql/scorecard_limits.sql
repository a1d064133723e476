-- Where a number is thin, and where a rule counts as often wrong.
select
    30 as few_images,
    10 as few_answers,
    3 as few_wrong,
    0.8::double as wrong_below
