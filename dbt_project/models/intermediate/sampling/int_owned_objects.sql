{{ config(tags=['shard'], materialized='view') }}

-- The objects of a shard, without those that only reach into it.
select object_id
from {{ ref('objects') }}
where {{ owned('geometry') }}
