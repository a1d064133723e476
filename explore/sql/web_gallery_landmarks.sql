-- About every thousandth scene's id, which is how the ids of its images begin. Which ones it
-- are changes no answer, only what is read for it.
select scene_id as landmark
from gallery.scenes using sample 0.1 percent (bernoulli)
order by scene_id
