from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from extract.chips import RawChip
from extract.gates import Gate, refusal
from tests.extract.builders import noise, source_row
from tests.extract.services import chip

REQUEST = chip(0)
GATE = Gate.of(source_row())


def picture(**changes: Any) -> RawChip:
    whole = np.ones((12, 16), dtype=np.bool_)
    return replace(RawChip(noise(3, 12, 16), whole, ("a",), ~whole), **changes)


def part(columns: int) -> Any:
    mask = np.zeros((12, 16), dtype=np.bool_)
    mask[:, :columns] = True
    return mask


def reason(raw: RawChip, gate: Gate = GATE) -> str | None:
    found = refusal(raw, REQUEST, gate)
    return found.reason if found else None


def test_a_good_picture_passes_and_may_have_no_cloud_mask() -> None:
    assert reason(picture()) is None
    assert reason(picture(cloud=None)) is None


@pytest.mark.parametrize("name", ["pixels", "valid", "cloud"])
def test_every_part_must_have_the_size(name: str) -> None:
    whole = getattr(picture(), name)
    assert reason(picture(**{name: whole[..., 1:, :]})) == "wrong_size"


def test_white_is_saturated_where_all_bands_are() -> None:
    pixels = noise(3, 12, 16)
    pixels[:2, :, :12] = 255
    assert reason(picture(pixels=pixels)) is None
    pixels[2, :, :8] = 255
    assert reason(picture(pixels=pixels)) is None, "half is allowed"
    pixels[2, :, :9] = 255
    assert reason(picture(pixels=pixels)) == "saturated"
    gate = replace(GATE, min_valid_fraction=0.1)
    lone = picture(pixels=pixels, valid=~part(8))
    assert reason(lone, gate) is None, "what is void is not white"


def test_cloud_counts_where_the_picture_is() -> None:
    assert reason(picture(cloud=part(1))) is None
    assert reason(picture(cloud=part(2))) == "cloud"
    gate = replace(GATE, min_valid_fraction=0.1)
    assert reason(picture(cloud=part(2), valid=~part(2)), gate) is None
    none = picture(valid=part(0))
    assert reason(none, replace(gate, min_valid_fraction=0.0)) == "blank"


def test_the_first_gate_is_told() -> None:
    white = np.full((3, 12, 16), 255, dtype=np.uint8)
    assert reason(picture(pixels=white, valid=part(3))) == "nodata"
    assert reason(picture(pixels=white, cloud=part(16))) == "saturated"
    grey = np.full((3, 12, 16), 90, dtype=np.uint8)
    assert reason(picture(pixels=grey)) == "blank"
