"""What the report shows, and what it must never carry."""

import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from explore import report
from skyloom.catalog import Catalog
from skyloom.errors import SkyloomError
from skyloom.lake import Lake
from tests.explore.stand_in import HOSTILE, StandIn, add_pair, jpeg


class Links(HTMLParser):
    """Collects what a browser would load or follow."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.anchors: list[str] = []
        self.alts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"src", "href", "xlink:href", "srcset", "data", "action"}:
                (self.anchors if tag == "a" else self.loads).append(value or "")
            if name == "alt":
                self.alts.append(value or "")


def test_hostile_tags_stay_text(catalog: StandIn, tmp_path: Path) -> None:
    page = report.render(catalog, tmp_path)
    assert "<script" not in page.lower()
    assert 'onload="x' not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7 * 7 }}{% raw %}" in page
    assert f"a satellite image of landuse of {HOSTILE}, surrounded by building" in (
        Links(page).alts
    )


def test_nothing_is_loaded_from_elsewhere(catalog: StandIn, tmp_path: Path) -> None:
    page = report.render(catalog, tmp_path)
    links = Links(page)
    assert all(re.match(r"data:image/jpeg;base64,|#o\d", at) for at in links.loads)
    assert not re.search(r"@import|url\((?!#)", page)
    outside = {at for at in links.anchors if not at.startswith("#")}
    assert outside == {f"https://www.openstreetmap.org/way/{n}" for n in (1, 2)}


def test_drawn_imagery_is_named_and_its_objects_are_not_linked(
    catalog: StandIn, tmp_path: Path
) -> None:
    page = report.render(catalog, tmp_path)
    assert "these pixels are drawn by Skyloom from OpenStreetMap objects" in page
    assert "not photographs" in page
    card = next(c for c in page.split("<figure") if "<b>r3_US_20</b>" in c)
    assert '<span class="drawn">drawn</span>' in card
    assert "openstreetmap.org" not in card.split("</figure>")[0]


def test_photographs_alone_carry_no_banner(empty: StandIn, tmp_path: Path) -> None:
    add_pair(empty, tmp_path, "a1")
    page = report.render(empty, tmp_path)
    assert "Drawn imagery" not in page
    assert '<span class="drawn">' not in page


def test_every_word_says_why_it_is_there(catalog: StandIn, tmp_path: Path) -> None:
    page = report.render(catalog, tmp_path)
    why = "landuse=quarry, rule landuse_quarry"
    assert f'<span class="focus" title="{why}">landuse of quarry</span>' in page
    why = "building=yes, rule building_any"
    assert f'<span class="surrounding" title="{why}">building</span>' in page
    assert '<span class="grammar">, surrounded by </span>' in page


def test_a_trace_that_does_not_add_up_is_not_shown(
    empty: StandIn, tmp_path: Path
) -> None:
    add_pair(empty, tmp_path, "a1")
    empty.rows = [
        (table, {**row, "words": "wrong"} if row.get("position") == 2 else row)
        for table, row in empty.rows
    ]
    page = report.render(empty, tmp_path)
    whole = '<span class="grammar">a satellite image of landuse of quarry</span>'
    assert whole in page
    assert '">wrong</span>' not in page


def test_a_missing_licence_is_said_in_words(catalog: StandIn, tmp_path: Path) -> None:
    page = report.render(catalog, tmp_path)
    assert "No licence is stated" in page
    assert "© OpenStreetMap contributors" in page


def test_what_was_left_out_has_reasons_and_examples(
    catalog: StandIn, tmp_path: Path
) -> None:
    page = report.render(catalog, tmp_path)
    for text in ("ring is open", "relation 5", "box is too large", "mostly empty"):
        assert text in page
    assert "no reason given" in page
    assert "never_seen" in page


def test_an_empty_catalog_renders(empty: StandIn, tmp_path: Path) -> None:
    page = report.render(empty, tmp_path)
    assert "No image yet" in page
    assert "There are no scenes yet" in page
    assert "<img" not in page


def test_a_chip_that_is_gone_leaves_a_note(catalog: StandIn, tmp_path: Path) -> None:
    (tmp_path / "images/US/a1_US_20.jpg").unlink()
    page = report.render(catalog, tmp_path)
    assert "The chip is not in the lake: images/US/a1_US_20.jpg" in page


def test_chips_without_a_grid_show_no_outline(empty: StandIn, tmp_path: Path) -> None:
    add_pair(empty, tmp_path, "a1")
    grid = {"crs": None, "transform": None}
    empty.rows = [
        (table, {**row, **grid} if table == "images" else row)
        for table, row in empty.rows
    ]
    assert 'class="overlay"' not in report.render(empty, tmp_path)


def test_the_sample_takes_turns_among_shapes_and_titles(
    empty: StandIn, tmp_path: Path
) -> None:
    for n in range(1, 9):
        add_pair(empty, tmp_path, f"a{n}")
    add_pair(empty, tmp_path, "a9", value="forest")
    add_pair(empty, tmp_path, "n10", kind="point", osm_type="node")
    add_pair(empty, tmp_path, "w11", kind="line")
    add_pair(empty, tmp_path, "r12", osm_type="relation")
    page = report.render(empty, tmp_path, chips=5)
    shown = re.findall(r"<b>(\w+)_US_20</b>", page)
    assert len(shown) == 5
    assert {"a9", "n10", "w11", "r12"} <= set(shown)


def test_large_chips_are_made_smaller(empty: StandIn, tmp_path: Path) -> None:
    from PIL import Image

    image = add_pair(empty, tmp_path, "a1")
    file = tmp_path / f"images/US/{image}.jpg"
    Image.effect_noise((4000, 4000), 90).convert("RGB").save(file, quality=95)
    assert file.stat().st_size > 6_000_000
    assert len(report.render(empty, tmp_path)) < 10_000_000


def test_the_same_catalog_gives_the_same_bytes(
    catalog: StandIn, tmp_path: Path
) -> None:
    assert report.render(catalog, tmp_path) == report.render(catalog, tmp_path)


def test_the_file_is_written_whole(
    catalog: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake.open(tmp_path / "lake", create=True)
    jpeg(lake.root / "images/US/a1_US_20.jpg", 100, 100)
    monkeypatch.setattr(Catalog, "open", lambda _: catalog)
    path = report.write_report(lake)
    assert path == lake.root / "report.html"
    assert path.read_text().startswith("<!doctype html>")
    assert not list(lake.root.glob(".report*"))


def test_a_place_that_cannot_be_written_is_one_sentence(
    catalog: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake.open(tmp_path / "lake", create=True)
    monkeypatch.setattr(Catalog, "open", lambda _: catalog)
    (tmp_path / "file").write_text("")
    with pytest.raises(SkyloomError, match="could not be written"):
        report.write_report(lake, tmp_path / "file" / "report.html")


def test_a_lake_without_a_catalog_says_so(tmp_path: Path) -> None:
    lake = Lake.open(tmp_path / "lake", create=True)
    with pytest.raises(SkyloomError, match="nothing is published"):
        report.write_report(lake)


def test_snapshot_dates_are_shown_as_days(catalog: StandIn, tmp_path: Path) -> None:
    assert f"{date(2026, 1, 1)}" in report.render(catalog, tmp_path)


def test_a_second_style_does_not_double_the_pairs(
    catalog: StandIn, tmp_path: Path
) -> None:
    words = {"title": "a quarry", "title_multi_objects": "a quarry"}
    catalog.add("captions", scene_id="a1_US", style="plain", **words)
    pair = {"image_id": "a1_US_20", "scene_id": "a1_US", "split": "train"}
    catalog.add("training_pairs", selection="all", style="plain", **pair, **words)
    page = report.render(catalog, tmp_path)
    assert "<dt>pairs</dt><dd>3</dd>" in page
    assert "in the style “skyscript”" in page
    assert "a quarry" not in page
