"""The shares of boxes in plain SQL: every pair is clipped by st_intersection."""

import sys
from pathlib import Path

from benchmarks.models import select_all
from skyloom.duck import connect, quoted

SHARES = """
    with pairs as (
        select
            scenes.scene_id,
            scenes.object_id as focus_object_id,
            scenes.west,
            scenes.south,
            scenes.east,
            scenes.north,
            scenes.width_px,
            scenes.height_px,
            objects.object_id,
            objects.kind,
            objects.geometry,
            scenes.geometry as box,
            st_intersection(objects.geometry, scenes.geometry) as visible
        from scenes
        inner join objects on st_intersects(scenes.geometry, objects.geometry)
    ),

    measured as (
        select
            scene_id,
            object_id,
            greatest(width_px, height_px) as box_side_px,
            case when object_id = focus_object_id then 'focus' else 'surrounding' end
                as role,
            kind,
            case
                when kind = 'area' then round(
                    st_area(visible) / ((east - west) * (north - south)), 9
                )
            end as share_of_box,
            case kind
                when 'area'
                    then round(st_area(visible) / nullif(st_area(geometry), 0), 9)
                when 'line'
                    then round(st_length(visible) / nullif(st_length(geometry), 0), 9)
            end as visible_fraction,
            case
                when kind != 'point' then round(greatest(
                    (st_xmax(visible) - st_xmin(visible)) / (east - west) * width_px,
                    (st_ymax(visible) - st_ymin(visible)) / (north - south) * height_px
                ), 3)
            end as extent_px
        from pairs
        -- What only touches the box shows nothing in it.
        where
            kind = 'point'
            or (kind = 'line' and st_length(visible) > 0)
            or st_area(visible) / ((east - west) * (north - south)) >= 5e-10
            or (kind = 'area' and st_within(geometry, box))
    ),

    ranked as (
        select
            * exclude (box_side_px),
            round(coalesce(share_of_box, extent_px / box_side_px, 0), 9) as prominence
        from measured
    )

    select
        *,
        row_number() over (
            partition by scene_id
            order by role, prominence desc, extent_px desc nulls last, object_id
        )::integer as rank
    from ranked
"""


def main(tables: Path, out: Path, memory_limit: str) -> None:
    """Write the shares of the tables' boxes."""
    with connect(
        threads=2, memory_limit=memory_limit, temp_directory=out.parent / "spill"
    ) as con:
        for name in ("scenes", "objects"):
            file = tables / "main" / f"{name}.parquet"
            con.execute(f"create view {name} as {select_all(con, file)}")
        con.execute(f"copy ({SHARES}) to {quoted(out)} (format parquet)")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
