"""Chips cut out of a sheet are those that are read alone."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from extract.chips import RawChip, Sheet
from extract.cutting import cut
from extract.gates import Gate
from skyloom.lake import Lake
from tests.extract.services import Service, chip, maker_of, several

CHIPS = [chip(k) for k in (0, 1, 83, 164)]


@dataclass
class Deep(Service):
    """Sixteen bits, cloud on the world's 30 first columns, void on its 20 first."""

    def raw(self, sheet: Sheet) -> RawChip:
        eight = super().raw(sheet)
        west = sheet.grid.transform[2]
        column = west + np.arange(sheet.grid.width_px)
        size = eight.valid.shape
        return replace(
            eight,
            pixels=eight.pixels.astype(np.uint16) * 12,
            valid=np.broadcast_to(column >= 20, size).copy(),
            cloud=np.broadcast_to(column < 30, size).copy(),
        )


def test_a_sheet_gives_what_its_chips_give(lake: Lake) -> None:
    deep = Deep(latency=lambda sheet: 0)
    maker = maker_of(
        lake, deep, CHIPS, gate=Gate(0.4, 0, 1, 0.4), scale=(100.0, 3000.0)
    )
    whole = maker.make(several(CHIPS))
    assert whole.error is None
    assert whole.n_bytes > 0
    alone = [entry for one in CHIPS for entry in maker.make(Sheet.of(one)).entries]
    assert list(whole.entries) == alone
    reasons = [entry.reason for entry in alone]
    assert reasons == ["nodata", "cloud", None, None]
    assert [entry.status for entry in alone[2:]] == ["ok", "ok"]


def test_a_sheet_of_another_size_refuses_all_its_chips(lake: Lake) -> None:
    class Short(Service):
        def raw(self, sheet: Sheet) -> RawChip:
            raw = super().raw(sheet)
            return replace(raw, pixels=raw.pixels[:, :-1], valid=raw.valid[:-1])

    short = Short(latency=lambda sheet: 0)
    made = maker_of(lake, short, CHIPS).make(several(CHIPS))
    assert [entry.reason for entry in made.entries] == ["wrong_size"] * 4


def test_a_chip_off_its_sheet_is_an_error_of_that_chip_alone(lake: Lake) -> None:
    grid = CHIPS[0].grid
    half = replace(grid, transform=(1.0, 0.0, 0.5, 0.0, -1.0, 0.0))
    odd = replace(CHIPS[0], request_id="0dd", grid=half)
    sheet = several(CHIPS)
    sheet = replace(sheet, chips=(odd, *sheet.chips[1:]))
    calm = Service(latency=lambda sheet: 0)
    made = maker_of(lake, calm, CHIPS).make(sheet)
    assert [entry.reason for entry in made.entries] == ["error", None, None, None]
    assert "lattice" in str(made.entries[0].detail)


def test_a_window_must_lie_inside_on_the_lattice() -> None:
    sheet = several(CHIPS)
    raw = Service().raw(sheet)
    piece = cut(raw, sheet.grid, CHIPS[2].grid)
    assert np.array_equal(piece.pixels, Service().raw(Sheet.of(CHIPS[2])).pixels)
    out = replace(CHIPS[0].grid, width_px=500)
    with pytest.raises(ValueError, match="not inside"):
        cut(raw, sheet.grid, out)
    for bad in (
        replace(CHIPS[0].grid, crs="EPSG:32632"),
        replace(CHIPS[0].grid, transform=(2.0, 0.0, 0.0, 0.0, -2.0, 0.0)),
        replace(CHIPS[0].grid, transform=(1.0, 0.0, 0.5, 0.0, -1.0, 0.0)),
    ):
        with pytest.raises(ValueError, match="lattice"):
            cut(raw, sheet.grid, bad)
