"""How rules fare, as text, for machines, and as a page."""

import json
import re
from dataclasses import dataclass, field

import duckdb
import pytest

from explore.printed_scorecard import print_scorecard
from explore.rule_scorecard import SORTS, scorecard
from skyloom.errors import SkyloomError, UsageError
from tests.explore.rule_catalog import RuleCatalog
from tests.explore.stand_in import HOSTILE

ESCAPE = "\x1b[31mred\N{RIGHT-TO-LEFT OVERRIDE}"
SCORES = (
    "rule_id varchar, source varchar, country varchar, n_objects bigint, "
    "n_scenes bigint, n_images bigint, mean_similarity double, n_audited bigint, "
    "audit_accuracy double, n_held_out bigint, held_out_accuracy double"
)


@dataclass
class ScoreCatalog(RuleCatalog):
    """A catalog of rules with the table that says how they fare."""

    scores: list[str] = field(default_factory=list)

    def rule(self, rule: str, tag: str, gsd: str, **more: object) -> None:
        """A rule of the seed."""
        key, value = tag.split("=", 1)
        row = {"rule_id": rule, "key": key, "value": value, "max_gsd_m": gsd}
        self.add("tag_rules", **row, **more)

    def score(self, rule: str, *numbers: object, source="US", country="LI") -> None:
        """What came of a rule: the columns from n_objects on, then zeros."""
        counts = [*numbers, *(0, 0, 0, None, 0, None, 0, None)[len(numbers) :]]
        values = (rule, source, country, *counts)
        told = ("null" if v is None else repr(v) for v in values)
        self.scores.append(f"({', '.join(told)})")

    def connect(self) -> duckdb.DuckDBPyConnection:
        """The other tables, and the scorecard."""
        con = super().connect()
        con.execute(f"create table rule_scorecard ({SCORES})")
        for row in self.scores:
            con.execute(f"insert into rule_scorecard values {row}")
        return con


@pytest.fixture
def rules() -> ScoreCatalog:
    """A row for each standing, the soundest first."""
    made = ScoreCatalog()
    made.add("sources", source="US", gsd_m=0.6)
    made.add("sources", source="S2", gsd_m=10)
    for rule in ("unused", "sound", "errs", "images", "answers", "audit", "chips"):
        made.rule(rule, f"landuse={rule}", "15")
    made.rule("wrong", "building=*", "1", note="a roof")
    made.rule("hidden", "building=shed", "2")
    made.rule("denied", "name=*", "0")
    made.score("denied", 900)
    made.score("hidden", 70)
    made.score("hidden", 50, source="S2", country=None)
    made.score("sound", 40, 40, 40, 0.31, 20, 0.95, 30, 0.9)
    made.score("errs", 41, 41, 41, 0.29, 20, 0.95, 30, 0.5)
    made.score("images", 42, 29, 29, None, 20, 1.0)
    made.score("answers", 43, 40, 40, None, 3, 0.3333)
    made.score("audit", 44, 40, 40)
    made.score("audit", 5, 4, 4, country="AT")
    made.score("chips", 45, 40)
    made.score("wrong", 46, 40, 40, None, 10, 0.7)
    return made


def standings(card):
    return [(score.rule_id, score.standing) for score in card.scores]


def test_the_weakest_come_first(rules):
    assert standings(scorecard(rules)) == [
        ("wrong", "often_wrong"),
        ("hidden", "no_scene"),
        ("chips", "no_image"),
        ("audit", "no_audit"),
        ("audit", "no_audit"),
        ("answers", "few_answers"),
        ("images", "few_images"),
        ("errs", "models_err"),
        ("sound", "sound"),
        ("hidden", "too_coarse"),
        ("denied", "denies"),
    ]


def test_three_wrong_answers_outweigh_that_there_are_few(rules):
    rules.score("chips", 9, 9, 9, None, 4, 0.25, country="AT")
    first = scorecard(rules).scores[0]
    assert (first.rule_id, first.standing) == ("chips", "often_wrong")


def test_one_source_one_country_one_order(rules):
    assert standings(scorecard(rules, source="S2")) == [("hidden", "too_coarse")]
    (austrian,) = scorecard(rules, country="AT").scores
    assert (austrian.rule_id, austrian.n_images) == ("audit", 4)
    most = scorecard(rules, sort="n_objects", most=2)
    assert [score.n_objects for score in most.scores] == [900, 70]
    assert most.counts.n_rows == 11
    assert [one.rule_id for one in scorecard(rules, sort="audit_accuracy").scores][
        :3
    ] == ["answers", "wrong", "errs"]
    for sort in SORTS:
        listed = scorecard(rules, sort=sort).scores
        assert [one.ranks[sort] for one in listed] == list(range(1, 12))


def test_a_wrong_name_is_told_with_the_right_ones(rules):
    with pytest.raises(UsageError, match=r"no source 'XX'.*S2, US"):
        scorecard(rules, source="XX")
    with pytest.raises(UsageError, match=r"no country 'li'.*AT, LI"):
        scorecard(rules, country="li")
    with pytest.raises(UsageError, match=r"by 'images'.*n_images"):
        scorecard(rules, sort="images")
    with pytest.raises(UsageError, match="it has none"):
        scorecard(ScoreCatalog(), country="LI")


def test_an_older_catalog_is_one_sentence():
    with pytest.raises(SkyloomError, match=r"without rule_scorecard.*skyloom build"):
        scorecard(RuleCatalog())


def test_what_keeps_objects_from_scenes(rules):
    for number, reason in enumerate(("too_big", "too_big", "not_sampled")):
        rules.decide(f"a{number}", "building=shed", "hidden", 2)
        rules.decide(f"a{number}", "shed=yes", "hidden", 2, tag_rank=2)
        rules.add("scene_rejects", object_id=f"a{number}", source="US", reason=reason)
    rules.rule("silent", "roof=flat", "2")
    rules.score("silent", 3)
    why = {
        (score.rule_id, score.source): score.why_no_scene()
        for score in scorecard(rules).scores
        if not score.n_scenes
    }
    assert why["hidden", "US"] == "too_big (2)"
    assert why["hidden", "S2"] == "imagery of 10 m, seen up to 2 m"
    assert "leave it out" in why["silent", "US"]


def test_what_no_seed_holds_stands_with_the_tag_it_decides_most():
    made = ScoreCatalog()
    for number in (1, 2):
        made.decide(f"a{number}", "junction=roundabout", "rule_ring", 2)
    made.decide("a3", "junction=circular", "rule_ring", 3)
    made.decide("a4", "ref=7", "classifier", 0)
    made.score("rule_ring", 3, 1)
    made.score("classifier", 1)
    ring, model = scorecard(made).scores
    assert (ring.matches, ring.max_gsd_m) == ("junction=roundabout and 1 more", 3)
    assert (model.matches, model.standing) == ("ref=7", "denies")
    assert not ring.in_seed
    assert "not in the seed" in scorecard(made).page()


def test_thin_numbers_are_marked(rules):
    card = scorecard(rules)
    thin = {
        (score.rule_id, score.source, score.country): {
            name for name, is_thin in card.thin(score).items() if is_thin
        }
        for score in card.scores
    }
    assert thin["sound", "US", "LI"] == set()
    assert thin["denied", "US", "LI"] == set()
    assert thin["images", "US", "LI"] == {"n_images"}
    assert thin["answers", "US", "LI"] == {"n_audited"}
    assert thin["hidden", "US", "LI"] == {"n_scenes", "n_images", "n_audited"}
    # The legend's own frame is one more.
    marked = sum(map(len, thin.values())) + 1
    assert len(re.findall('class="[^"]*thin"', card.page())) == marked


def test_the_page_sorts_without_a_script(rules):
    page = scorecard(rules, sort="n_images").page()
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert re.findall('id="by-([a-z_]+)" checked', page) == ["n_images"]
    places = [list(map(int, re.findall(r"--s\d+:(\d+)", row))) for row in rows(page)]
    assert len(places) == 11
    for column in zip(*places, strict=True):
        assert sorted(column) == list(range(1, 12))
    used = dict(re.findall(r"#by-(\w+):checked [^{]*\{ order: var\(--s(\d+)\)", page))
    assert list(used) == list(SORTS)
    by_objects = [place[int(used["n_objects"]) - 1] for place in places]
    first = rows(page)[by_objects.index(1)]
    assert ">denied<" in first


def rows(page):
    body = page.split("<tbody", 1)[1].split("</tbody>", 1)[0]
    return body.split("<tr ")[1:]


def test_the_page_lists_what_waits(rules):
    page = scorecard(rules).page()
    parts = {
        name: page.split(f'<section id="{name}">')[1].split("</section>")[0]
        for name in ("scenes", "images", "audits")
    }
    assert re.findall(r"<li>(\w+) .*<b>(\d+)<", parts["images"]) == [("chips", "40")]
    assert re.findall(r"<li>(\w+) .*<b>(\d+)<", parts["audits"]) == [
        ("audit", "40"),
        ("audit", "4"),
    ]
    assert re.findall(r'<tr><td class="fixed">(\w+)', parts["scenes"]) == [
        "hidden",
        "hidden",
    ]
    assert "denied" not in parts["scenes"]


def test_hostile_text_stays_text(rules, capsys):
    rules.rule("evil", f"note={HOSTILE}", "3", note=HOSTILE)
    rules.score("evil", 2)
    rules.decide("a9", f"note={HOSTILE}{ESCAPE}", "classifier", 1)
    rules.score("classifier", 1, 1, 1)
    card = scorecard(rules)
    page = card.page()
    assert "<script" not in page.lower()
    assert "&lt;script&gt;alert(1)" in page
    assert 'onload="' not in page
    print_scorecard(card, None, most=None)
    said = capsys.readouterr().out
    assert "\x1b[31m" not in said
    assert "\N{REPLACEMENT CHARACTER}[31mred" in said


def test_text_says_how_many_rows_it_leaves_out(rules, capsys):
    print_scorecard(scorecard(rules), None, most=2)
    said = capsys.readouterr().out
    assert "the first 2 of 11 rows" in said
    assert "1 rule of the seed decides nothing" in said
    lines = [line for line in said.splitlines() if "often wrong" in line]
    assert "70%" in lines[-1]
    print_scorecard(scorecard(rules), None, most=None)
    assert "the first" not in capsys.readouterr().out


def test_machines_read_all_of_it(rules):
    summary = json.loads(json.dumps(scorecard(rules).summary()))
    assert len(summary["rows"]) == 11
    assert summary["rows"][0]["audit_accuracy"] == 0.7
    assert summary["rows"][0]["note"] == "a roof"
    assert summary["counts"] == {"n_rows": 11, "n_rules": 9, "n_idle": 1}
    counted = {one["standing"]: one["n_rows"] for one in summary["standings"]}
    assert counted["no_audit"] == 2
    assert sum(counted.values()) == 11


def test_nothing_decided_is_a_page_that_says_so(capsys):
    card = scorecard(ScoreCatalog())
    assert "No rule decides anything here" in card.page()
    print_scorecard(card, None, most=None)
    assert "0 rules in 0 rows" in capsys.readouterr().out
