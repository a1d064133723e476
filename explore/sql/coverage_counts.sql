select
    (select count(*) from objects) as n_objects,
    (
        select count(distinct object_id) from object_tags
        where groundable
    ) as n_grounded,
    (select count(*) from scenes) as n_scenes,
    (select count(distinct scene_id) from scene_tags) as n_scenes_grounded,
    (select count(*) from scene_rejects) as n_rejects,
    (
        select count(*) from scene_rejects
        where reason = 'no_visible_tag'
    ) as n_unseen,
    (select coalesce(sum(n_objects), 0)::bigint from tags) as n_tags,
    (select count(*) from object_tags) as n_decided,
    (select count(*) from tag_rules) as n_rules
