select
    coalesce(focus_shapes.shape, 'unknown') as label,
    count(*) as n,
    count(*) as n_focus
from judged
left join focus_shapes on judged.scene_id = focus_shapes.scene_id
group by all
order by n desc, label asc
