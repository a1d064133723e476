-- How many tokens a caption of this build may have.
select value::integer as max_tokens
from build_settings
where name = 'caption_max_tokens'
