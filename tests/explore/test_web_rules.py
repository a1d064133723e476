"""The pages of rules: the scorecard sorted and filtered, and one rule looked at."""

import re
from urllib.parse import quote

import pytest

from explore.figures import literal
from tests.explore.published import publish_tables, typed_tables
from tests.explore.stand_in import HOSTILE
from tests.explore.web_site import browser

RULES = {
    "house": ("building", "house", 90, 12),
    "barn": ("building", "barn", 40, 0),
    "tree": ("natural", "tree", 7, 7),
    "odd/rule": ("note", HOSTILE, 3, 1),
}


def add(con, table, **row):
    values = ", ".join(literal(value) for value in row.values())
    con.execute(f"insert into {table} ({', '.join(row)}) values ({values})")


def thing(con, number, rule, key, value):
    """An object with its scene, image, caption and the rule's words."""
    ids = {"object_id": f"a{number}", "scene_id": f"a{number}_US", "source": "US"}
    tags = f"map {{{literal(key)}: {literal(value)}, 'name': 'Old one'}}"
    con.execute(
        "insert into objects (object_id, kind, area_m2, tags, bbox) values "
        f"('a{number}', 'area', 100, {tags}, {{'xmin': 1, 'ymin': 1, 'xmax': 1, "
        "'ymax': 1})"
    )
    add(con, "object_tags", object_id=f"a{number}", key=key, value=value,
        groundable=True, max_gsd_m=2, phrase=value, rule_id=rule,
        tag_rank=1)  # fmt: skip
    add(con, "scenes", **ids, split="train", west=1, south=1, east=1.1, north=1.1)
    add(con, "images", **ids, image_id=f"a{number}_US_20", width_px=60, height_px=45,
        filepath="images/US/aa/x.jpg", drawn=True)  # fmt: skip
    texts = {"title": f"a {value}", "title_multi_objects": f"a {value}"}
    add(con, "captions", scene_id=ids["scene_id"], source="US", style="s", **texts)
    for caption in texts:
        for place, (words, by) in enumerate((("a ", None), (value, rule))):
            add(con, "caption_words", scene_id=ids["scene_id"], style="s",
                caption=caption, position=place, words=words, rule_id=by,
                role="focus" if by else "grammar", key=by and key,
                value=by and value)  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    root = tmp_path_factory.mktemp("rules") / "lake"
    with typed_tables() as con:
        for number, (rule, (key, value, n, audited)) in enumerate(RULES.items()):
            add(con, "tag_rules", rule_id=rule, key=key, value=value, max_gsd_m="2",
                min_area_m2="50" if rule == "house" else None, note="why")  # fmt: skip
            thing(con, number, rule, key, value)
            for source, part in (("US", 1), ("S2", 2)):
                add(con, "rule_scorecard", rule_id=rule, source=source,
                    country="CH" if part == 2 else None, n_objects=n // part,
                    n_scenes=n // part, n_images=n // part, n_audited=audited // part,
                    audit_accuracy=0.9 if audited else None, n_held_out=0,
                    mean_similarity=0.2)  # fmt: skip
        add(con, "tag_rules", rule_id="idle", key="geyser", value="*", max_gsd_m="2")
        # A house too small for its rule.
        con.execute(
            "insert into objects (object_id, kind, area_m2, tags, bbox) values "
            "('a99', 'area', 30, map {'building': 'house'}, null)"
        )
        con.execute(
            "insert into tags (key, value, n_objects, example_object_id) "
            "select tag.key, tag.value, count(*), min(object_id) from ("
            "select object_id, unnest(map_entries(tags)) as tag from objects) "
            "group by all"
        )
        publish_tables(con, root)
    return root


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    root = tmp_path_factory.mktemp("norules") / "lake"
    with typed_tables() as con:
        publish_tables(con, root)
    return root


def listed(page):
    body = page.split('<table class="scores">')[1].split("<tbody>")[1]
    rows = body.split("</tbody>")[0].split("<tr ")[1:]
    return [
        (
            re.findall(r'href="/rules/([^"]+)"', row)[0],
            re.findall(r"<td>(\w+)</td>", row)[0],
            int(re.findall(r'<td class="num">([\d,]+)</td>', row)[0]),
        )
        for row in rows
    ]


def test_the_scores_are_sorted_by_any_column_both_ways(lake):
    client = browser(lake)
    counts = [n for *_, n in listed(client.get("/rules?sort=n_objects").text)]
    every = [n // part for _, _, n, _ in RULES.values() for part in (1, 2)]
    # The first number of a row is the rule's limit where it has one.
    assert len(counts) == len(every)
    rules = [rule for rule, *_ in listed(client.get("/rules?sort=n_objects").text)]
    assert (rules[0], rules[-1]) == ("house", "odd/rule")
    back = [
        rule
        for rule, *_ in listed(client.get("/rules?sort=n_objects&reverse=true").text)
    ]
    assert back == rules[::-1]


def test_the_scores_are_filtered(lake):
    client = browser(lake)
    assert {rule for rule, *_ in listed(client.get("/rules?q=BUILDING").text)} == {
        "house",
        "barn",
    }
    assert {place for _, place, _ in listed(client.get("/rules?source=S2").text)} == {
        "S2"
    }
    assert len(listed(client.get("/rules?country=CH").text)) == len(RULES)
    unseen = listed(client.get("/rules?standing=no_audit").text)
    assert {rule for rule, *_ in unseen} == {"barn", "odd/rule"}
    assert "No rule is like that" in client.get("/rules?q=zebra").text
    assert "No rule is like that" in client.get("/rules?page=99").text


@pytest.mark.parametrize(
    "ask", ["sort=colour", "standing=fine", "source=XX", "country=XX", "page=x"]
)
def test_what_is_not_there_is_refused(lake, ask):
    answer = browser(lake).get("/rules?" + ask)
    assert answer.status_code == 400 and "<h1>Not shown</h1>" in answer.text


def test_rules_that_give_nothing_are_listed(lake):
    page = browser(lake).get("/rules/coverage").text
    absent = page.split('id="absent"')[1].split("</section>")[0]
    assert re.findall(r"/rules/(\w+)", absent) == ["idle"]
    assert "1 rule of the seed decides nothing" in re.sub(
        r"<[^>]+>", "", browser(lake).get("/rules").text
    )


def test_a_rule_is_counted_as_sql_counts_it(lake):
    page = browser(lake).get("/rules/house").text
    tiles = re.findall(r"<dt>[^<]+</dt><dd>(\d+)</dd>", page)
    assert [int(n) for n in tiles] == [1, 1, 1, 1]
    near = page.split('id="near"')[1].split("</section>")[0]
    assert "smaller than 50 m2" in near and "a99" in near
    assert '<a class="picture" href="/image/a0_US_20"' in page
    assert 'src="/chips/a0_US_20.jpg"' in page
    assert 'href="/?rule=house"' in page
    fares = page.split("How it fares")[1].split("</table>")[0]
    assert re.findall(r'<td class="num">(\d+)</td>', fares)[:3] == ["90", "90", "90"]


def test_an_unknown_rule_is_refused_with_the_nearest_name(lake):
    answer = browser(lake).get("/rules/hause")
    assert answer.status_code == 400
    assert "did you mean &#39;house&#39;?" in answer.text


def test_hostile_rules_are_text(lake):
    client = browser(lake)
    page = client.get("/rules/" + quote("odd/rule")).text
    assert "<script>alert" not in page and 'onload="' not in page
    assert "&lt;script&gt;alert(1)" in page and "{{ 7 * 7 }}" in page
    hostile = client.get("/rules/" + quote("<img src=x onerror=alert(1)>' or 1=1 --"))
    assert hostile.status_code == 400 and "<img src=x" not in hostile.text
    listing = client.get("/rules").text
    assert "<script>alert" not in listing
    assert '"><script>' not in client.get('/rules?q="><script>').text


def test_an_empty_catalog_has_pages_too(empty):
    client = browser(empty)
    assert "No rule decides anything here" in client.get("/rules").text
    assert client.get("/rules/coverage").status_code == 200
    assert client.get("/rules/house").status_code == 400


def test_a_catalog_without_a_scorecard_says_so(tmp_path):
    with typed_tables() as con:
        con.execute("drop table rule_scorecard")
        publish_tables(con, tmp_path / "lake")
    answer = browser(tmp_path / "lake").get("/rules")
    assert answer.status_code == 200 and "without rule_scorecard" in answer.text
