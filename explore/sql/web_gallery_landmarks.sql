-- About every thousandth id. Which ones it are changes no answer, only what is read for it.
select image_id
from images using sample 0.1 percent (bernoulli)
order by image_id
