"""Boxes across the seam of two images lie in their imagery, as the planner sees it."""

import pytest
import shapely

from tests.dbt.compiled import Models
from tests.extract.imagery import box_at, image


@pytest.fixture
def held(compiled):
    """Which boxes lie whole in a piece of the imagery of some footprints."""

    def ask(images, boxes):
        models = Models(compiled)
        models.table("sources", "source varchar, gsd_m double", [("S2", 10.0)])
        columns = (
            "source varchar, kind varchar, crs varchar, transform double[], "
            "scale_min double, scale_max double, gsd_x_m double, gsd_y_m double, "
            "geometry geometry, is_eligible boolean"
        )
        models.con.execute(f"create table stg_lake__footprints ({columns})")
        for one in images:
            numbers = ", ".join(
                str(one[name])
                for name in ("scale_min", "scale_max", "gsd_x_m", "gsd_y_m")
            )
            shape = shapely.from_wkb(one["geometry"]).wkt
            models.con.execute(
                "insert into stg_lake__footprints select 'S2', 'earthengine', "
                f"'{one['crs']}', {one['transform']}, {numbers}, "
                f"'{shape}'::geometry, {one.get('is_eligible', True)}"
            )
        models.build("int_imagery_pieces")
        return [
            models.con.execute(
                "select count(*) > 0 from int_imagery_pieces where st_within("
                f"st_makeenvelope({', '.join(map(str, box))}), geometry)"
            ).fetchall()
            == [(True,)]
            for box in boxes
        ]

    return ask


ACROSS = box_at(980, 500, 50)
BOXES = [box_at(100, 100, 50), ACROSS, box_at(1980, 500, 50)]


def test_across_a_seam_and_no_further(held):
    images = [image("west"), image("east", col=1000)]
    assert held(images, BOXES) == [True, True, False]


@pytest.mark.parametrize(
    "east",
    [
        image("east", col=1000.3),
        image("east", col=1000, scale_max=4000.0),
        image("east", col=1010),
        image("east", col=1000, is_eligible=False),
    ],
    ids=["lattice", "range", "gap", "not_eligible"],
)
def test_images_that_make_no_mosaic_hold_no_box_together(held, east):
    assert held([image("west"), east], [ACROSS]) == [False]


def test_cells_cut_no_box(held):
    # More than a cell of 38,400 pixels: boxes lie everywhere along it.
    images = [image(f"i{k}", col=10_000 * k, size=10_000) for k in range(6)]
    boxes = [box_at(400 + 997 * k, 4000, 590) for k in range(58)]
    assert all(held(images, boxes))
