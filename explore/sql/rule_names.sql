-- Rules of the seed, and what else has decided a tag: hard rules and the classifier.
select rule_id
from tag_rules
union
select rule_id
from object_tags
order by rule_id
