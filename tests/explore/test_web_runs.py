"""The pages of builds: what changed, in words, and what old files cannot tell."""

import re

import pytest

from explore.figures import literal
from explore.web.changes import MOST_TOKENS, marked
from tests.explore.published import publish_tables, typed_tables
from tests.explore.stand_in import HOSTILE
from tests.explore.web_site import browser

STYLE = "skyscript"
OLD = {
    "a1_US": [("house", "house"), ("path", "road of path")],
    "a2_US": [("house", "house")],
    "a3_US": [("grass", "grass")],
}
# a1 loses the path and its house is worded anew, a2 is gone, a3 stays, a4 comes.
NEW = {
    "a1_US": [("house", f"small {HOSTILE} house")],
    "a3_US": [("grass", "grass")],
    "a4_US": [("tree", "tree")],
}


def add(con, table, **row):
    values = ", ".join(literal(value) for value in row.values())
    con.execute(f"insert into {table} ({', '.join(row)}) values ({values})")


def put(root, scenes):
    """Publish captions made of (rule, words)."""
    with typed_tables() as con:
        for scene, said in scenes.items():
            ids = {"scene_id": scene, "source": "US"}
            add(con, "images", **ids, image_id=f"{scene}_20", filepath="images/x.jpg")
            text = ", ".join(words for _, words in said)
            add(
                con,
                "captions",
                **ids,
                style=STYLE,
                title=said[0][1],
                title_multi_objects=text,
                rules_digest=",".join(rule for rule, _ in said) + text,
            )
            for place, (rule, words) in enumerate(said):
                add(
                    con,
                    "caption_words",
                    scene_id=scene,
                    style=STYLE,
                    caption="title_multi_objects",
                    position=place,
                    words=words,
                    role="focus",
                    rule_id=rule,
                )
        for rule in ("house", "path", "grass", "tree"):
            add(con, "tag_rules", rule_id=rule, key=rule, value="*", max_gsd_m=1)
        lake = publish_tables(con, root)
    return lake


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs") / "lake"
    put(root, OLD)
    return put(root, NEW)


@pytest.fixture
def one_run(tmp_path):
    return put(tmp_path / "lake", OLD)


def numbers(page, rule):
    row = page.split(f">{rule}</a></th>")[1].split("</tr>")[0]
    return [int(n) for n in re.findall(r'class="num">(\d+)<', row)]


def test_the_builds_are_listed_newest_first(lake):
    page = browser(lake.root).get("/runs").text
    runs = re.findall(r'<th scope="row"><code>(\w+)</code>( <b class="current")?', page)
    assert [bool(current) for _, current in runs] == [True, False]
    new, old = (run for run, _ in runs)
    assert f"/runs/diff?a={old}&amp;b={new}" in page
    assert 'class="num">3</td>' in page


def test_what_changed_is_counted_rule_by_rule(lake):
    page = browser(lake.root).get("/runs/diff").text
    tiles = re.findall(r"<dt>[^<]+</dt><dd>(\d+)</dd>", page)
    assert [int(n) for n in tiles] == [1, 1, 1, 0, 1]
    assert numbers(page, "house") == [0, 1, 1]
    assert numbers(page, "path") == [0, 1, 0]
    assert numbers(page, "tree") == [1, 0, 0]
    assert '<a class="thumb" href="/image/a1_US_20">' in page
    # A scene that is gone has no image to look at.
    assert "/image/a2_US_20" not in page and "a2_US" in page
    assert "<del>, road of path</del>" in page
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page


def test_the_captions_of_one_rule_can_be_chosen(lake):
    client = browser(lake.root)
    page = client.get("/runs/diff?rule=tree").text.split('id="examples"')[1]
    assert "a4_US" in page and "a1_US" not in page
    refused = client.get("/runs/diff?rule=grass")
    assert refused.status_code == 400 and "says the same" in refused.text


def test_a_run_is_compared_with_any_other(lake):
    client = browser(lake.root)
    new, old = re.findall(r'<th scope="row"><code>(\w+)', client.get("/runs").text)
    page = client.get(f"/runs/diff?a={new}&b={old}").text
    assert numbers(page, "tree") == [0, 1, 0]
    same = client.get(f"/runs/diff?a={new}&b={new}").text
    assert "it is the same run" in same and "No caption differs" in same
    refused = client.get("/runs/diff?a=../../etc/passwd&b=" + new)
    assert refused.status_code == 400 and "no run is called" in refused.text


def test_one_build_says_so_in_one_line(one_run):
    client = browser(one_run.root)
    assert "There is one run" in client.get("/runs").text
    answer = client.get("/runs/diff")
    assert answer.status_code == 200
    assert "the history of this lake has one build only" in answer.text.lower()
    page = client.get("/rules/house").text
    assert "one build only" in page.split('id="since"')[1]


def test_files_that_are_gone_are_said(tmp_path):
    lake = put(tmp_path / "lake", OLD)
    (file,) = (lake.catalog / "files").glob("captions-*.parquet")
    put(lake.root, NEW)
    file.unlink()
    client = browser(lake.root)
    assert "Files of it are gone" in client.get("/runs").text
    answer = client.get("/runs/diff")
    assert answer.status_code == 200 and "lacks its table captions" in answer.text
    assert "lacks its table captions" in client.get("/rules/house").text
    record = min(
        (lake.catalog / "runs").glob("*.json"), key=lambda f: f.stat().st_mtime
    )
    record.unlink()
    assert "Its record is gone" in client.get("/runs").text


def test_runs_of_other_columns_are_not_compared(tmp_path):
    lake = put(tmp_path / "lake", OLD)
    with typed_tables() as con:
        con.execute("alter table captions drop column rules_digest")
        publish_tables(con, lake.root)
    answer = browser(lake.root).get("/runs/diff")
    assert answer.status_code == 200 and "different columns" in answer.text


def test_the_page_of_a_rule_has_its_captions_alone(lake):
    client = browser(lake.root)
    page = client.get("/rules/path").text.split('id="since"')[1]
    assert "a1_US" in page and "a4_US" not in page and "a2_US" not in page
    assert re.search(r"1 say something else, 0 came, 0 went, 0 read", page)
    house = client.get("/rules/house").text.split('id="since"')[1]
    assert re.search(r"1 say something else, 0 came, 1 went, 0 read", house)
    grass = client.get("/rules/grass").text.split('id="since"')[1]
    assert re.search(r"0 say something else, 0 came, 0 went, 1 read", grass)


def spelled(pieces):
    return "".join(piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("before", "after", "went", "came"),
    [
        ("a red house", "a house", ["red "], []),
        ("a tree", "a single tree", [], ["single "]),
        ("a; b", "a, b", [";"], [","]),
        ("same", "same", [], []),
    ],
)
def test_words_that_differ_are_marked(before, after, went, came):
    left, right = marked(before, after)
    assert left is not None and right is not None
    assert (spelled(left), spelled(right)) == (before, after)
    assert [one.text for one in left if one.differs] == went
    assert [one.text for one in right if one.differs] == came


def test_a_text_alone_is_not_marked_and_a_huge_one_is_marked_whole():
    none, alone = marked(None, "a")
    assert none is None and alone is not None and not alone[0].differs
    left, _ = marked("a " * MOST_TOKENS, "b")
    assert left is not None and len(left) == 1 and left[0].differs
