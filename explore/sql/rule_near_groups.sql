-- Three examples of each group: the largest area first, then by a hash of the id.
with sizes as (
    select
        condition,
        detail,
        count(*) as n,
        count(*) filter (where is_close) as n_close
    from rule_near
    group by condition, detail
    order by n desc, condition asc, detail asc
    limit 20
),

-- Apart from the counts: windows of both kinds in one pass take a hundred times as long.
examples as (
    select *
    from rule_near
    qualify row_number() over (
        partition by condition, detail
        order by
            case when condition = 'min_area_m2' then area_m2 end desc nulls last,
            md5(object_id) asc,
            object_id asc,
            key asc
    ) <= 3
),

pictured as (
    select
        object_id,
        min(image_id) as image_id
    from images
    where object_id in (select examples.object_id from examples)
    group by object_id
),

listed as (
    select
        examples.condition,
        examples.detail,
        list(
            {
                'object_id': examples.object_id,
                'tag': concat(examples.key, '=', examples.value),
                'area_m2': round(examples.area_m2, 1),
                'decided_by': examples.decided_by,
                'image_id': pictured.image_id
            }
            order by
                case when examples.condition = 'min_area_m2' then examples.area_m2 end
                desc nulls last,
                md5(examples.object_id) asc,
                examples.object_id asc,
                examples.key asc
        ) as examples
    from examples
    left join pictured on examples.object_id = pictured.object_id
    group by examples.condition, examples.detail
)

select
    condition,
    detail,
    sizes.n,
    sizes.n_close,
    listed.examples
from sizes
inner join listed using (condition, detail)
order by sizes.n desc, condition asc, detail asc
