-- The scenes of which a rule said something before or after.
select scene_id
from words_before
where rule_id = getvariable('rule')
union
select scene_id
from words_after
where rule_id = getvariable('rule')
