"""Bins, bars and the map's scale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explore.charts import MOST_BINS, bars, bin_width, histogram, ticks
from explore.coverage import coverage, degrees
from explore.figures import Tally, ValueCount
from tests.explore.stand_in import StandIn


def test_bars_are_shares_of_the_longest() -> None:
    first, second = bars((Tally("a", 8, 4), Tally("b", 2, 0)))
    assert (first.share, first.focus_share) == (100, 50)
    assert (second.share, second.focus_share) == (25, 0)
    assert bars(()) == ()


@given(st.integers(0, 10_000), st.integers(0, 100_000))
def test_bins_are_few_and_hold_everything(low: int, span: int) -> None:
    step = bin_width(low, low + span)
    assert (low + span) // step - low // step < MOST_BINS
    bins = histogram((ValueCount(low, 2), ValueCount(low + span, 3)))
    assert sum(b.n for b in bins) == 5
    assert len(bins) <= MOST_BINS


def test_bins_say_which_values_they_hold() -> None:
    bins = histogram((ValueCount(101, 1), ValueCount(299, 4)))
    assert bins[0].values == "100 to 119"
    assert max(b.height for b in bins) == 104
    assert histogram(()) == ()


def test_ticks_are_round_and_inside() -> None:
    assert ticks(7.42, 7.44, 7) == (7.42, 7.425, 7.43, 7.435, 7.44)
    assert ticks(-180, 180, 8) == (-150, -100, -50, 0, 50, 100, 150)
    assert degrees(-7.43, "E", "W") == "7.43° W"


def test_the_map_keeps_its_scale_and_shows_small_boxes(empty: StandIn) -> None:
    for n, west in enumerate((10.0, 11.0)):
        empty.add(
            "scenes",
            scene_id=f"a{n}_US",
            source="US",
            west=west,
            south=60.0,
            east=west + 0.00001,
            north=60.00001,
            split="test",
        )
    with empty.connect() as con:
        drawn = coverage(con)
    assert drawn is not None
    assert [(box.width, box.height) for box in drawn.boxes] == [(8, 8), (8, 8)]
    assert drawn.splits[0].n == 2


def test_a_box_over_the_antimeridian_is_one_small_box(empty: StandIn) -> None:
    empty.add(
        "scenes",
        scene_id="a1_S2",
        source="S2",
        west=179.99,
        south=-17.0,
        east=-179.99,
        north=-16.98,
        split="train",
    )
    with empty.connect() as con:
        drawn = coverage(con)
    assert drawn is not None
    assert drawn.boxes[0].width < drawn.width


def test_each_place_is_on_the_map_before_a_second_box_of_one(
    empty: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n, west in enumerate((10.0, 10.0, 10.0, 10.0, -120.0, 170.0)):
        ends = {"west": west, "south": 60.0, "east": west + 0.001, "north": 60.001}
        empty.add("scenes", scene_id=f"a{n}_US", source="US", **ends, split="train")
    monkeypatch.setattr("explore.coverage.MOST_BOXES", 3)
    with empty.connect() as con:
        drawn = coverage(con)
    assert drawn is not None
    assert drawn.n_scenes == 6
    assert len({box.x for box in drawn.boxes}) == len(drawn.boxes) == 3


def test_parts_of_one_are_labelled_as_decimals() -> None:
    bins = histogram((ValueCount(20, 1), ValueCount(22, 3)), per=100)
    assert [b.label for b in bins] == ["0.20", "0.21", "0.22"]
    assert bins[0].values == "0.20 to below 0.21"
