import polars as pl

from extract.chips import ChipRequest, FetchError, Limits, Sheet
from extract.fetch_report import fetch_report, fetch_totals
from extract.forecast import Forecast, plan_counts
from extract.ledger import compact
from extract.tables import schema
from skyloom.lake import Lake
from skyloom.raw_tables import REQUESTS
from tests.extract.services import Service, Virtual, chip, dispatch


def row(request: ChipRequest, scene: str) -> dict[str, object]:
    return {
        "request_id": request.request_id,
        "scene_id": scene,
        "box_id": request.box_id,
        "source": request.source,
        "source_image_ids": list(request.image_ids),
        "crs": request.grid.crs,
        "transform": list(request.grid.transform),
        "width_px": request.grid.width_px,
        "height_px": request.grid.height_px,
        "recipe": "r",
    }


def test_a_plan_is_counted_by_source() -> None:
    seam = chip(9, image="b")
    rows = [row(chip(k), f"a{k}") for k in range(4)]
    rows += [row(chip(0), "twin"), {**row(seam, "s"), "source_image_ids": ["b", "c"]}]
    rows += [{"request_id": "x", "scene_id": "n", "source": "S1", "why_not": "gone"}]
    rows += [row(chip(7, source="T2"), "t")]
    plan = pl.DataFrame(rows, schema=schema(REQUESTS))
    settled = {chip(1).request_id, "of another plan"}
    limits = {"S1": Limits("ee", in_flight=4, per_second=2.0)}
    one, two = plan_counts(plan, settled, limits)
    assert one == Forecast(
        source="S1",
        n_scenes=7,
        n_covered=6,
        n_uncovered=1,
        n_chips=5,
        n_there=1,
        n_to_fetch=4,
        n_requests=4,
        seam_share=0.25,
        n_bytes=4 * 576,
        hours=4 / 1.9 / 3600,
    )
    assert (two.source, two.n_to_fetch, two.hours) == ("T2", 1, None)
    first, second = plan_counts(plan, settled, limits, limit=4)
    assert (first.n_to_fetch, second.n_to_fetch) == (4, 0)


def test_reasons_are_ranked_with_an_example_and_a_remedy(lake: Lake) -> None:
    def fault(sheet: Sheet, before: int) -> FetchError | None:
        name = sheet.chips[0].request_id
        if name in {chip(k).request_id for k in (1, 2)}:
            return FetchError("no_coverage", "empty there")
        if name == chip(3).request_id:
            return FetchError("not_found", "gone")
        if name == chip(4).request_id and not before:
            return FetchError("http", "503", http_status=503)
        return None

    service = Service(crew=Virtual(), fault=fault)
    dispatch(lake, service, [chip(k) for k in range(30)])
    compact(lake)
    rows = fetch_report(lake)
    seen = [(one["reason"], one["n_chips"], one["n_attempts"]) for one in rows]
    assert seen == [("no_coverage", 2, 2), ("not_found", 1, 1), ("http", 0, 1)]
    assert [one["example"] for one in rows] == ["empty there", "gone", "503"]
    assert "--retry" in rows[0]["what_next"]
    assert "index" in rows[1]["what_next"]
    totals = {"ok": 27, "failed": 1, "refused": 2, "attempts": 31, "attempts_ok": 27}
    assert fetch_totals(lake) == totals


def test_a_lake_without_a_fetch_has_no_reasons(lake: Lake) -> None:
    assert fetch_report(lake) == []
