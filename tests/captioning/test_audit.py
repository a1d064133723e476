"""Samples to grade, the page, and what the grades come to."""

import csv
import json
import re
import shutil
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from captioning.audit_grades import Grade, import_grades, read_grades
from captioning.audit_page import GRADES, write_audit_page
from captioning.audit_report import kappa, report
from captioning.audit_sample import Sample, Unit, allocate, draw
from skyloom.catalog import Catalog
from skyloom.errors import SkyloomError, UsageError
from skyloom.estimates import wilson
from skyloom.lake import Lake

HOSTILE = "</script><script>alert(1)</script>{{ 7*7 }}&<img src=x onerror=alert(1)>"


def unit(image_id: str = "a1_US_20", **other: object) -> Unit:
    plain: dict[str, Any] = {
        **{"image_id": image_id, "key": "landuse", "value": "quarry"},
        **{"words": "landuse of quarry", "role": "focus", "rule_id": "landuse_quarry"},
        **{"source": "US", "stratum": "US, 10 to 99 images", "n_stratum": 40},
        **{"caption": "a satellite image of landuse of quarry"},
        **{"filepath": "images/a1.jpg", "sha256": "ab", "width_px": 200},
        **{"height_px": 100, "drawn": False, "attribution": ""},
        "outline": "M 1 2 L 3 4",
    }
    return Unit(**{**plain, **other})


def grade(image_id: str, word: str, auditor: str = "anna", **other: Any) -> Grade:
    plain = Grade(
        *("s1", auditor, image_id, "landuse", "quarry", "landuse_quarry", "US"),
        *("common", 90, word),
    )
    return replace(plain, **other)


def test_each_stratum_gives_its_floor_and_then_by_its_size():
    sizes = {"a": 900, "b": 95, "c": 4, "d": 1}
    assert allocate(sizes, 100, floor=10) == {"a": 78, "b": 17, "c": 4, "d": 1}
    assert allocate(sizes, 5000, floor=10) == sizes
    # A floor that the sample cannot pay for is lowered.
    assert allocate(sizes, 6, floor=10) == {"a": 3, "b": 1, "c": 1, "d": 1}
    assert allocate(sizes, 3, floor=10) == {"a": 3, "b": 0, "c": 0, "d": 0}
    # Equal remainders go by name.
    assert allocate({"y": 5, "x": 5}, 3, floor=0) == {"y": 1, "x": 2}
    assert allocate({}, 3) == {}


@pytest.fixture(scope="module")
def drawn(demo):
    return draw(Catalog.open(Lake.open(demo / "lake")), n=60)


def test_a_sample_is_drawn_by_its_seed_from_what_captions_say(drawn, demo):
    catalog = Catalog.open(Lake.open(demo / "lake"))
    assert draw(catalog, n=60) == drawn
    other = draw(catalog, n=60, seed="other")
    assert other.digest != drawn.digest
    assert len(drawn.units) == 60 == len({(u.image_id, u.key) for u in drawn.units})
    strata = {one.stratum: one.n_stratum for one in drawn.units}
    assert sum(strata.values()) == drawn.n_pairs
    for one in strata:
        assert sum(u.stratum == one for u in drawn.units) >= 10
    for one in drawn.units:
        assert one.words in one.caption
        assert one.rule_id
        numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*", one.outline)]
        assert numbers
        most = max(one.width_px, one.height_px) * 1.05
        assert -0.05 * most <= min(numbers)
        assert max(numbers) <= most
    with pytest.raises(UsageError, match="keeps no pair"):
        draw(catalog, n=60, selection="top30")


def test_the_page_holds_its_chips_or_has_them_beside_it(drawn, demo, tmp_path):
    page = write_audit_page(tmp_path / "audit.html", drawn, demo / "lake")
    text = page.read_text()
    assert text.count("data:image/jpeg;base64,") == len({u.sha256 for u in drawn.units})
    assert (
        page.read_text()
        == (
            write_audit_page(tmp_path / "b" / "audit.html", drawn, demo / "lake")
        ).read_text()
    )
    small = write_audit_page(tmp_path / "s.html", drawn, demo / "lake", most_bytes=9)
    assert "base64," not in small.read_text()
    for sha256 in {u.sha256 for u in drawn.units}:
        assert (tmp_path / "s_chips" / f"{sha256}.jpg").is_file()
        assert f"s_chips/{sha256}.jpg" in small.read_text()
    with pytest.raises(SkyloomError, match=r"chip of .* cannot be read"):
        write_audit_page(tmp_path / "c.html", drawn, tmp_path)


def test_text_of_the_map_stays_text(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a1.jpg").write_bytes(b"chip")
    bad = unit(value=HOSTILE, words=HOSTILE, caption=HOSTILE, attribution=HOSTILE)
    sample = Sample("d1", HOSTILE, 1, (bad,))
    text = write_audit_page(tmp_path / "p.html", sample, tmp_path).read_text()
    assert "alert(1)</script>" not in text
    assert "<img src=x" not in text
    assert text.count("<script") == 2 == text.count("</script>")
    data = re.search(r'id="data">(.*?)</script>', text, re.DOTALL)
    assert data
    assert json.loads(data[1])["units"][0]["words"] == HOSTILE
    # The policy lets one script run, and nothing come from elsewhere.
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[\w+/=]{44}'", policy)
    assert "http" not in policy


def test_wilson_and_kappa_are_the_textbook_ones():
    # 81 of 263: Newcombe, "Two-sided confidence intervals ...", 1998, table I.
    low, high = wilson(81 / 263, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson(1.0, 10)[1] == pytest.approx(1.0)
    # 20 both yes, 5 and 10 split, 15 both no: kappa 0.4.
    pairs = [(1, 1)] * 20 + [(1, 0)] * 5 + [(0, 1)] * 10 + [(0, 0)] * 15
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa([(1, 1)] * 3) is None


def test_strata_weigh_by_what_they_stand_for():
    """90 pairs with 1 of 2 right, 10 with 4 of 4: 55 %, not 5 of 6."""
    rare: dict[str, Any] = {"stratum": "rare", "n_stratum": 10}
    grades = [grade("i1", "visible"), grade("i2", "cannot tell"), grade("i9", "")]
    grades += [grade(f"r{n}", "inferable", **rare) for n in range(4)]
    found = report(grades)
    assert found.overall.accuracy == pytest.approx(0.55)
    assert (found.n_units, found.n_graded, found.covered) == (7, 6, 1.0)
    # 0.9^2 / 2 + 0.1^2 / 4 = 0.4075: as precise as 2.45 pairs without strata.
    assert found.overall.low == pytest.approx(wilson(0.55, 1 / 0.4075)[0])
    assert found.overall.high == pytest.approx(wilson(0.55, 1 / 0.4075)[1])
    assert found.overall.shares == pytest.approx(
        {"visible": 1 / 6, "inferable": 4 / 6, "cannot tell": 1 / 6, "wrong": 0}
    )
    assert [one.what for one in found.by_stratum] == ["common", "rare"]
    assert found.by_stratum[0].accuracy == 0.5
    # A stratum that nobody has graded is not vouched for.
    halved = [
        replace(row, grade="") if row.stratum == "rare" else row for row in grades
    ]
    assert report(halved).covered == pytest.approx(0.9)


def test_of_several_auditors_most_decide_and_agreement_is_told():
    words = {"i1": ("visible", "wrong", "visible"), "i2": ("wrong", "visible", "")}
    grades = [
        grade(image, word, auditor)
        for image, given in words.items()
        for auditor, word in zip("abc", given, strict=True)
    ]
    found = report(grades)
    # Of i2 one says right and one does not: a tie is not right.
    assert found.overall.accuracy == 0.5
    assert found.n_graded == 2
    told = {(one.one, one.other): (one.n, one.same) for one in found.agreements}
    assert told == {("a", "b"): (2, 0.0), ("a", "c"): (1, 1.0), ("b", "c"): (1, 0.0)}


def as_json(path, grades):
    rows = [
        {name: getattr(row, name) for name in Grade.__dataclass_fields__}
        for row in grades
    ]
    about = {"sample": grades[0].sample, "auditor": grades[0].auditor}
    path.write_text(json.dumps({**about, "grades": rows}))
    return path


def as_csv(path, grades):
    names = list(Grade.__dataclass_fields__)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows({n: getattr(row, n) for n in names} for row in grades)
    return path


def test_files_of_both_forms_read_alike_and_the_last_of_an_auditor_counts(tmp_path):
    first = [grade("i1", "visible", value='a "b",\nc'), grade("i2", "")]
    later = [replace(row, grade="wrong") for row in first]
    one = as_json(tmp_path / "a.json", first)
    assert read_grades([one]) == first
    assert read_grades([as_csv(tmp_path / "a.csv", first)]) == first
    assert read_grades([one, as_csv(tmp_path / "b.csv", later)]) == later


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no grades": ({}, "no file of grades"),
    "nobody": ({"auditor": " "}, "no auditor"),
    "an unknown grade": ({"grade": "fine"}, "no grade 'fine'"),
    "a path": ({"sample": "../../x"}, "no sample"),
    "no size": ({"n_stratum": 0}, "stratum of 0"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_file_that_is_none_is_refused_in_words(name, tmp_path):
    changed, words = FAULTS[name]
    path = tmp_path / "a.json"
    if changed:
        as_json(path, [grade("i1", "visible", **changed)])
    else:
        path.write_text("image_id\nx\n")
    with pytest.raises(UsageError, match=words) as error:
        read_grades([path])
    assert str(path) in error.value.sentence()


def test_other_samples_doubles_and_nothing_are_refused(tmp_path):
    one = as_json(tmp_path / "a.json", [grade("i1", "visible")])
    other = as_json(tmp_path / "b.json", [grade("i1", "visible", "b", sample="s2")])
    with pytest.raises(UsageError, match="of the sample s2"):
        read_grades([one, other])
    twice = as_json(tmp_path / "c.json", [grade("i1", "visible")] * 2)
    with pytest.raises(UsageError, match="twice"):
        read_grades([twice])
    with pytest.raises(UsageError, match="nothing is graded"):
        read_grades([as_json(tmp_path / "d.json", [grade("i1", "")])])
    with pytest.raises(UsageError, match="cannot be read"):
        read_grades([tmp_path / "none.json"])


def test_grades_become_audits_once(tmp_path):
    lake = Lake.open(tmp_path / "lake", create=True)
    given = [grade("i1", "inferable"), grade("i2", "cannot tell"), grade("i3", "")]
    (path,) = import_grades(lake, given)
    import_grades(lake, [*given[:2], grade("i3", "wrong")])
    other = import_grades(lake, [grade("i1", "wrong", "../bo")])
    assert {file.parent for file in (path, *other)} == {lake.root / "audits"}
    with duckdb.connect() as con:
        rows = con.execute(
            f"select * from '{lake.root}/audits/*.parquet' order by all"
        ).fetchall()
    assert rows == [
        ("i1", "landuse_quarry", "../bo", False),
        ("i1", "landuse_quarry", "anna", True),
        ("i2", "landuse_quarry", "anna", False),
        ("i3", "landuse_quarry", "anna", False),
    ]


def test_the_commands_draw_report_and_import(demo, tmp_path, skyloom):
    lake = shutil.copytree(demo / "lake", tmp_path / "lake")
    done = skyloom("audit", "sample", "--lake", lake, "--n", 40)
    assert done.returncode == 0, done.stderr
    assert "40 of " in done.stdout
    text = (lake / "audit.html").read_text()
    found = re.search(r'id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    data = json.loads(found[1])
    rows = [{**one, "grade": GRADES[n % 4]} for n, one in enumerate(data["units"])]
    file = tmp_path / "anna.json"
    file.write_text(
        json.dumps({"sample": data["sample"], "auditor": "anna", "grades": rows})
    )
    done = skyloom("audit", "report", file, "--lake", lake)
    assert done.returncode == 0, done.stderr
    assert "published of SkyScript: 96.1%" in done.stdout
    assert len(list((lake / "audits").glob("*.parquet"))) == 2
    done = skyloom("audit", "report", file, "--only-report", "--json")
    assert json.loads(done.stdout)["n_graded"] == 40
    done = skyloom("audit", "report", tmp_path / "none")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
