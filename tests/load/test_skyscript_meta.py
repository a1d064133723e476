"""Published metadata, field by field."""

import pytest

from load.skyscript_meta import BadMetaError, parse_meta

GOOD = {
    "bbox": (8.0, 47.0, 8.001, 47.001),
    "time": (2020, 4, 24, 0, 0),
    "center_tags": {"landuse": "quarry"},
    "surrounding_tags": [],
}


@pytest.mark.parametrize("kind", [list, tuple])
def test_a_box_is_called_bbox_or_box(kind):
    box = kind(GOOD["bbox"])
    without = {key: value for key, value in GOOD.items() if key != "bbox"}
    assert parse_meta(without | {"box": box}, "20").box == tuple(box)
    assert parse_meta(without | {"bbox": box}, "20").box == tuple(box)


@pytest.mark.parametrize(
    ("time", "acquired", "precision"),
    [
        ((2020, 4, 24, 0, 0), "2020-04-24T00:00:00", "day"),
        ([2020, 4, 24, 17, 5], "2020-04-24T17:05:00", "minute"),
        (2019, "2019-01-01T00:00:00", "year"),
        ([2019], "2019-01-01T00:00:00", "year"),
        (None, "2017-01-01T00:00:00", "year"),
    ],
)
def test_time_is_five_numbers_or_a_year_or_that_of_the_name(time, acquired, precision):
    meta = parse_meta(GOOD | {"time": time}, "17")
    assert (meta.acquired, meta.precision) == (acquired, precision)


def test_a_year_that_nobody_knows_stays_unknown():
    assert parse_meta(GOOD | {"time": None}, "xx").acquired is None


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("bbox", None, "no_box"),
        ("bbox", (8, 47, 8.001), "box"),
        ("bbox", "abcd", "box"),
        ("bbox", (8.001, 47, 8, 47.001), "box"),
        ("bbox", (8, 47, float("nan"), 48), "box"),
        ("bbox", (-180, -85, 180, 85), "box"),
        ("time", (2020, 13, 1, 0, 0), "time"),
        ("time", "2020", "time"),
        ("time", 10**9, "time"),
        ("center_tags", {}, "no_tags"),
        ("center_tags", None, "tags"),
        ("center_tags", {"name": ["a"]}, "tags"),
        ("center_tags", {"name": "a\0b"}, "tags"),
        ("center_tags", {"name": "\ud800"}, "tags"),
        ("center_tags", {"name": "x" * 5000}, "tags"),
        ("surrounding_tags", {"a": "b"}, "tags"),
        ("surrounding_tags", [{"a": None}], "tags"),
        ("surrounding_tags", [{}] * 10_001, "tags"),
    ],
)
def test_a_bad_field_has_a_reason(field, value, reason):
    with pytest.raises(BadMetaError) as bad:
        parse_meta(GOOD | {field: value}, "20")
    assert bad.value.reason == reason


def test_what_is_no_dictionary_is_damaged():
    with pytest.raises(BadMetaError) as bad:
        parse_meta([1], "20")
    assert bad.value.reason == "meta_damaged"
