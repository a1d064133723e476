"""What the report says to judge a data set by: leaks, variety, cuts, audits."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from explore import report
from explore.audited import audits
from explore.diversity import diversity
from explore.figures import prepare
from explore.gallery import fitting, gallery
from explore.leaks import Check, leaks
from explore.making import making
from explore.polishing import Asked, RefusedRule, polishing
from explore.report_parts import duplicates
from explore.selected import selections
from skyloom.estimates import wilson
from tests.explore.report_catalog import ReportCatalog
from tests.explore.stand_in import HOSTILE, StandIn, add_pair


@pytest.fixture
def made() -> ReportCatalog:
    """Splits a kilometre apart, that share nothing."""
    made = ReportCatalog()
    made.add("build_settings", name="split_gap_m", value="50")
    made.add("build_settings", name="split_gap_share", value="0.1")
    made.place("a1", "train", 0)
    made.place("a2", "train", 5)
    made.place("a3", "gap", 100)
    made.place("a4", "val", 1000)
    made.place("a5", "test", 2000)
    # What `duplicates` says of one split shows that images are hashed.
    alike = {"what": "image", "how": "near", "distance": 2.0}
    made.add("duplicates", image_id="a2_US_20", duplicate_of="a1_US_20", **alike)
    return made


def checked(made: ReportCatalog) -> dict[str, Check]:
    with made.prepared() as con:
        return {check.name: check for check in leaks(con).checks}


def test_splits_that_share_nothing_pass(made: ReportCatalog) -> None:
    found = checked(made)
    assert {check.verdict for check in found.values()} == {"pass", "unchecked"}
    # There are no surroundings to look at.
    assert found["leak_surroundings"].verdict == "unchecked"
    assert found["leak_boxes"].found.n_checked == 2


def near(made: ReportCatalog) -> None:
    # 40 m beside the box of a4, which ends ten metres east of its place.
    made.place("a6", "train", 1050)


def same_file(made: ReportCatalog) -> None:
    made.place("a6", "test", 3000, sha="a1")


def same_look(made: ReportCatalog) -> None:
    alike = {"what": "image", "how": "same_hash", "distance": 0.0}
    made.add("duplicates", image_id="a4_US_20", duplicate_of="a1_US_20", **alike)


def same_focus(made: ReportCatalog) -> None:
    made.add("scenes", scene_id="a1_S2", object_id="a1", source="S2", split="test")
    made.rows[-1][1].update({"west": 3.0, "east": 3.1, "south": 3.0, "north": 3.1})


def same_surroundings(made: ReportCatalog) -> None:
    for scene in ("a1_US", "a4_US"):
        made.add("scene_objects", scene_id=scene, object_id="w9", role="surrounding")


def same_title(made: ReportCatalog) -> None:
    made.place("a6", "test", 3000, title="a title of a1")


@pytest.mark.parametrize(
    ("plant", "name", "verdict", "example"),
    [
        (near, "leak_boxes", "fail", "a4_US (val) and a6_US (train), 40 m apart"),
        (same_file, "leak_files", "fail", "a1_US_20 and a6_US_20"),
        (same_look, "leak_looks", "fail", "a4_US_20 (val) and a1_US_20 (train)"),
        (same_focus, "leak_focus", "fail", "a1"),
        (same_surroundings, "leak_surroundings", "note", "w9"),
        (same_title, "leak_titles", "note", "a title of a1"),
    ],
)
def test_a_planted_leak_is_found_by_its_line_alone(
    made: ReportCatalog,
    plant: Callable[[ReportCatalog], None],
    name: str,
    verdict: str,
    example: str,
) -> None:
    plant(made)
    found = checked(made)
    assert found[name].verdict == verdict
    assert found[name].found.n_found == 1
    assert found[name].found.examples == [example]
    others = {check.verdict for one, check in found.items() if one != name}
    assert others <= {"pass", "unchecked"}


def test_the_gap_is_that_of_the_build(made: ReportCatalog) -> None:
    near(made)
    made.rows = [row for row in made.rows if row[0] != "build_settings"]
    made.add("build_settings", name="split_gap_m", value="30")
    assert checked(made)["leak_boxes"].verdict == "pass"
    made.rows[-1][1]["value"] = "41"
    assert checked(made)["leak_boxes"].verdict == "fail"


def test_boxes_meet_over_the_antimeridian(made: ReportCatalog) -> None:
    made.place("a6", "train", 0)
    made.rows[-4][1].update({"west": 179.9999, "east": -179.9999})
    made.place("a7", "test", 0)
    made.rows[-4][1].update({"west": -179.9998, "east": -179.9997})
    assert checked(made)["leak_boxes"].found.n_found == 1


def test_without_val_and_test_nothing_is_checked() -> None:
    made = ReportCatalog()
    made.place("a1", "train", 0)
    assert {check.verdict for check in checked(made).values()} == {"unchecked"}


def test_the_page_says_what_leaks(made: ReportCatalog, tmp_path: Path) -> None:
    assert "✗ fail" not in report.render(made, tmp_path)
    same_file(made)
    page = report.render(made, tmp_path)
    row = next(r for r in page.split("<tr>") if "No image file is in two splits" in r)
    assert "✗ fail" in row
    assert "a1_US_20 and a6_US_20" in row
    assert "1 check finds something shared between splits" in page


def test_duplicates_count_those_of_another_split(made: ReportCatalog) -> None:
    same_look(made)
    with made.prepared() as con:
        found = {one.how: (one.n, one.n_across) for one in duplicates(con)}
    assert found == {"same_hash": (1, 1), "near": (1, 0)}


def test_variety_of_four_titles_two_of_them_alike() -> None:
    made = ReportCatalog()
    for n, title in enumerate(("a pier", "a pier", "a barn", "a shed")):
        made.place(f"a{n}", "train", 0, title=title)
    with made.prepared() as con:
        found = diversity(con)
    titles = found.titles
    assert titles is not None
    assert (titles.n_all, titles.n_distinct, titles.n_once) == (4, 3, 2)
    assert (titles.n_most, titles.most_frequent) == (2, "a pier")
    # Half a bit, and twice two bits of a quarter: 2 ** 1.5 titles.
    assert (titles.entropy_bits, titles.n_effective) == (1.5, 2.8)
    assert (titles.n_words, titles.n_word_types) == (8, 4)
    shared = [(one.shared_by, one.n_titles, one.n_images) for one in found.sharing]
    assert shared == [("1", 2, 2), ("2 to 9", 1, 2)]


def test_a_second_selection_doubles_no_title(made: ReportCatalog) -> None:
    made.rows += [
        (table, {**row, "selection": "other"})
        for table, row in made.rows
        if table == "training_pairs"
    ]
    with made.prepared() as con:
        titles = diversity(con).titles
    assert titles is not None
    assert titles.n_all == 4


def test_each_step_says_what_became_of_the_others(made: ReportCatalog) -> None:
    for n in range(1, 9):
        made.add("objects", object_id=f"a{n}")
    made.add("scene_rejects", object_id="a6", source="US", reason="too_big")
    made.add("selections", selection="all", image_id="a3_US_20", kept=False)
    made.rows[-1][1]["reason"] = "gap"
    with made.prepared() as con:
        steps = making(con).steps
    assert [step.n for step in steps] == [8, 6, 5, 5, 4]
    assert [step.n_untold for step in steps] == [0, 2, 0, 0, 0]
    assert steps[2].reasons == [{"reason": "too_big", "n": 1}]
    assert steps[4].reasons == [{"reason": "gap", "n": 1}]


def test_the_version_of_rules_is_that_of_their_text(made: ReportCatalog) -> None:
    made.add("tag_rules", rule_id="quarry", key="landuse", value="quarry")
    with made.prepared() as con:
        before = making(con).rules
    made.rows[-1][1]["value"] = "pit"
    with made.prepared() as con:
        after = making(con).rules
    assert (before.n_rules, len(before.digest)) == (1, 12)
    assert before.digest != after.digest


def test_selections_say_what_they_lose_and_how_pairs_score(
    made: ReportCatalog, tmp_path: Path
) -> None:
    for n, (similarity, kept) in enumerate(((0.31, True), (0.2, False), (0.2, True))):
        made.add("selections", selection="top", image_id=f"a{n}", kept=kept)
        made.rows[-1][1].update({"similarity": similarity, "kept_by": "share"})
    losses = {"n_pairs": 3, "n_tags": 7, "n_tags_lost": 2, "part": "all"}
    made.add("selection_losses", selection="top", **losses)
    with made.prepared() as con:
        found = selections(con)
    (top,) = found.rows
    assert (top.n_images, top.n_kept, top.n_scored, top.n_tags_lost) == (3, 2, 3, 2)
    (scored,) = found.similarities
    columns = {one.label: (one.n, one.height, kept) for one, kept in scored.columns}
    assert columns["0.20"] == (2, 104, 52)
    assert columns["0.31"] == (1, 52, 52)
    page = report.render(made, tmp_path)
    assert '2<span class="of"> of 7</span>' in page


def test_reasons_with_figures_of_each_image_are_one_line(
    made: ReportCatalog, tmp_path: Path
) -> None:
    for n in range(50):
        row = {"selection": "top", "image_id": f"a{n}", "kept": False}
        why = f"near duplicate of a{n + 1} (4 of 64 bits)"
        made.add("selections", **row, reason="near_duplicate", why_not=why)
    page = report.render(made, tmp_path)
    assert "near_duplicate" in page
    assert "4 of 64 bits" not in page


def test_accuracy_is_weighed_by_what_each_rule_says() -> None:
    made = ReportCatalog()
    made.add("rule_scorecard", rule_id="road", source="US", n_images=90)
    made.rows[-1][1].update({"n_audited": 10, "audit_accuracy": 1.0})
    made.add("rule_scorecard", rule_id="shed", source="US", n_images=10)
    made.rows[-1][1].update({"n_audited": 10, "audit_accuracy": 0.5})
    made.add("rule_scorecard", rule_id="pier", source="US", n_images=100)
    made.rows[-1][1].update({"n_audited": 0})
    with made.prepared() as con:
        audit = audits(con).audit
    assert audit is not None
    overall = audit.overall
    assert (overall.n, overall.covered) == (20, 0.5)
    assert overall.share.value == pytest.approx(0.95)
    # Kish: 1 / (0.81 / 10 + 0.01 / 10).
    low, high = wilson(0.95, 1 / 0.082)
    assert (overall.share.low, overall.share.high) == pytest.approx((low, high))
    assert [one.what for one in audit.weakest] == ["shed"]


def test_what_is_missing_names_the_command(
    catalog: StandIn, made: ReportCatalog, tmp_path: Path
) -> None:
    # The stand-in lacks four tables, as an older catalog does.
    page = report.render(catalog, tmp_path)
    for table in ("build_settings", "duplicates", "selection_losses", "rule_scorecard"):
        assert re.search(f"was published without [a-z_ ]*{table}", page), table
    made.add("selections", selection="top", image_id="a1_US_20", kept=False)
    page = report.render(made, tmp_path)
    assert "was published without" not in page
    for command in ("audit sample", "score", "load"):
        assert f"<code>skyloom {command}</code>" in page


def test_a_catalog_of_fewer_columns_is_one_sentence(
    made: ReportCatalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from skyloom.catalog import Catalog
    from skyloom.errors import SkyloomError
    from skyloom.lake import Lake

    class Older(ReportCatalog):
        def connect(self):
            con = super().connect()
            con.execute("alter table sources drop column redistributable")
            return con

    monkeypatch.setattr(Catalog, "open", lambda _: Older(made.rows))
    lake = Lake.open(tmp_path / "lake", create=True)
    with pytest.raises(SkyloomError, match=r"redistributable.*skyloom build"):
        report.write_report(lake)


def test_cards_fill_the_page_and_no_more(empty: StandIn, tmp_path: Path) -> None:
    for n in range(1, 7):
        add_pair(empty, tmp_path, f"a{n}", value=HOSTILE)
    with empty.connect() as con:
        prepare(con)
        chips = gallery(con, tmp_path, 6)
    assert len(chips) == 6
    page = report.render(empty, tmp_path, chips=6)
    without = report.render(empty, tmp_path, chips=0)
    # What a card is said to take is not less than what it takes.
    assert len(page.encode()) - len(without.encode()) < sum(c.n_bytes for c in chips)
    each = chips[0].n_bytes
    assert fitting(chips, 3 * each) == chips[:3]
    huge = replace(chips[0], jpeg="x" * 9_000_000)
    assert fitting((chips[1], huge)) == (chips[1],)


def test_tables_and_headings_are_for_everybody(
    made: ReportCatalog, tmp_path: Path
) -> None:
    same_file(made)
    page = report.render(made, tmp_path)
    assert page.count("<table") == page.count('<caption class="sr">')
    assert not re.search(r"<th(?! scope=)[ >]", page)
    levels = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([\w-]+)"', page)) <= set(ids)
    for picture in re.findall(r"<svg[^>]*>", page):
        assert "aria-hidden" in picture or "aria-label" in picture


def test_refusals_are_counted_by_reason_and_by_tag_rule() -> None:
    made = ReportCatalog()
    for number, (source, reasons) in enumerate(
        [
            ("polished", []),
            ("polished", ["digits"]),
            ("template", ["colour", "digits"]),
        ]
    ):
        name = f"a{number}"
        made.place(name, "train", 1000.0 * number)
        asked = {"model": "m", "prompt": "p", "style": "skyscript"}
        made.add(
            "polished_captions",
            scene_id=f"{name}_US",
            caption_source=source,
            reasons=reasons,
            **asked,
        )
        for rule in ["road", "roof"][: 1 + number // 2]:
            made.add(
                "caption_words",
                scene_id=f"{name}_US",
                style="skyscript",
                rule_id=rule,
                caption="title",
            )
    with made.prepared() as con:
        found = polishing(con)
    assert found.asked == (Asked("skyscript", "m", "p", 3, 2),)
    assert [(one.reason, one.n) for one in found.reasons] == [
        ("any", 2),
        ("digits", 2),
        ("colour", 1),
    ]
    assert found.rules == (
        RefusedRule("roof", 1, 1, 1, 1.0),
        RefusedRule("road", 3, 2, 1, 2 / 3),
    )
