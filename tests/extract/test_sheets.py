from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.chips import ChipRequest, Grid, Limits
from extract.sheets import sheets

LIMITS = Limits("test", 4, sheet_px=1000, min_used=0.5)


def chip(
    name: str,
    col: int,
    row: int,
    width: int = 100,
    height: int = 100,
    *,
    images: tuple[str, ...] = ("a",),
    crs: str = "EPSG:32632",
    shift: float = 0.0,
) -> ChipRequest:
    transform = (0.2, 0.0, 500 + (col + shift) * 0.2, 0.0, -0.2, 900 - row * 0.2)
    grid = Grid(crs, transform, width, height)
    return ChipRequest(name, f"{name}_US", name, "US", images, grid)


def test_chips_side_by_side_are_read_at_one_time() -> None:
    chips = [chip(f"q{k}", 100 * k, 30 * k) for k in range(4)]
    (sheet,) = sheets(chips, LIMITS)
    assert sheet.chips == tuple(chips)
    assert (sheet.source, sheet.image_ids) == ("US", ("a",))
    assert (sheet.grid.width_px, sheet.grid.height_px) == (400, 190)
    assert sheet.grid.transform == chips[0].grid.transform


def test_chips_far_apart_are_read_by_themselves() -> None:
    chips = [chip("q1", 0, 0), chip("q2", 700, 700)]
    found = sheets(chips, LIMITS)
    assert [(sheet.grid, sheet.chips) for sheet in found] == [
        (one.grid, (one,)) for one in chips
    ]
    # What lies between is no reason where little need be used.
    thrifty = Limits("test", 4, sheet_px=1000, min_used=0.03)
    assert len(sheets(chips, thrifty)) == 1


def test_overlaps_do_not_count_twice_in_what_is_used() -> None:
    chips = [chip(f"q{k}", 0, k) for k in range(50)] + [chip("z", 400, 400)]
    assert sorted(len(sheet.chips) for sheet in sheets(chips, LIMITS)) == [1, 50]


@pytest.mark.parametrize(
    "other",
    [
        chip("q2", 100, 0, images=("b",)),
        chip("q2", 100, 0, images=("a", "b")),
        chip("q2", 100, 0, crs="EPSG:32633"),
        chip("q2", 100, 0, shift=0.5),
    ],
    ids=["image", "mosaic", "crs", "lattice"],
)
def test_chips_of_other_images_or_pixels_share_no_sheet(other: ChipRequest) -> None:
    assert len(sheets([chip("q1", 0, 0), other], LIMITS)) == 2


def test_bytes_bound_a_sheet_too() -> None:
    chips = [chip(f"q{k}", 100 * k, 0) for k in range(4)]
    small = Limits("test", 4, sheet_px=1000, max_bytes=60_000, min_used=0.5)
    assert [len(sheet.chips) for sheet in sheets(chips, small)] == [2, 2]
    assert [len(sheet.chips) for sheet in sheets(chips, small, 6)] == [1, 1, 1, 1]


def test_a_service_that_takes_no_sheets_gets_chips() -> None:
    chips = [chip(f"q{k}", 0, 0) for k in range(4)]
    alone = sheets(chips, Limits("test", 4, sheet_px=0))
    assert [sheet.chips for sheet in alone] == [(one,) for one in chips]


def test_a_dense_town_needs_few_reads() -> None:
    chips = [chip(f"q{k:04d}", 37 * (k % 50), 37 * (k // 50)) for k in range(2500)]
    found = sheets(chips, LIMITS)
    # 1,913 pixels square: no fewer than four windows of 1,000 hold it.
    assert len(found) <= 12


CHIPS = st.lists(
    st.builds(
        lambda col, row, width, height, images, shift: (
            (col, row, width, height),
            images,
            shift,
        ),
        st.integers(-3000, 3000),
        st.integers(-3000, 3000),
        st.integers(1, 600),
        st.integers(1, 600),
        st.sampled_from([("a",), ("b",), ("a", "b")]),
        st.sampled_from([0.0, 0.25]),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(
    CHIPS,
    st.sampled_from([0, 500, 2000]),
    st.sampled_from([None, 300_000]),
    st.sampled_from([0.1, 0.5, 0.9]),
    st.randoms(),
)
def test_each_chip_is_in_one_sheet_that_keeps_to_the_limits(
    rows, side, n_bytes, min_used, random
) -> None:
    limits = Limits("test", 4, sheet_px=side, max_bytes=n_bytes, min_used=min_used)
    chips = [
        chip(f"q{k:02d}", *box, images=images, shift=shift)
        for k, (box, images, shift) in enumerate(rows)
    ]
    found = sheets(chips, limits)
    seen = Counter(one for sheet in found for one in sheet.chips)
    assert seen == Counter(chips)
    for sheet in found:
        covered = set()
        a, _, x, _, e, y = sheet.grid.transform
        for one in sheet.chips:
            assert one.image_ids == sheet.image_ids
            col = (one.grid.transform[2] - x) / a
            row = (one.grid.transform[5] - y) / e
            assert abs(col - round(col)) < 1e-6 > abs(row - round(row))
            col, row = round(col), round(row)
            right, bottom = col + one.grid.width_px, row + one.grid.height_px
            assert min(col, row) >= 0
            assert (right <= sheet.grid.width_px, bottom <= sheet.grid.height_px) == (
                True,
                True,
            )
            # On a coarse raster, each cell counted whole: no less than what is used.
            covered |= {
                (i, j)
                for i in range(col // 20, -(-right // 20))
                for j in range(row // 20, -(-bottom // 20))
            }
        if len(sheet.chips) > 1:
            area = sheet.grid.width_px * sheet.grid.height_px
            assert max(sheet.grid.width_px, sheet.grid.height_px) <= side
            assert n_bytes is None or area * 3 <= n_bytes
            assert len(covered) * 400 >= min_used * area
    # One image's sheets lie together, and the order of the chips is nothing.
    images = [sheet.image_ids for sheet in found]
    assert images == sorted(images)
    shuffled = list(chips)
    random.shuffle(shuffled)
    assert sheets(shuffled, limits) == found
