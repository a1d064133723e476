"""`skyloom polish` on the demo's lake, from the published facts to the pairs."""

import json
from pathlib import Path

import polars as pl
import pytest

from skyloom.catalog import Catalog
from tests.captioning.polish_catalog import new_lake

KEY = "sk-secret-key-1234"


def flags(server, *more):
    return ("--base-url", server.base_url, "--model", "m1", *more)


def test_captions_go_from_facts_into_the_pairs(demo_lake, server, skyloom):
    lie = json.dumps({"caption": "Perhaps a tree.", "used": ["f1"]})
    server.moves(natural_tree=[{"reply": lie}])
    done = skyloom(
        *("polish", "--lake", demo_lake.root, "--json", "--limit", 40, "--quiet"),
        *flags(server, "--price-in", 1, "--concurrency", 8),
        OPENAI_API_KEY=KEY,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["n_polished"] + said["n_template"] == 40
    assert said["n_polished"] and said["reasons"]["hedge"] == 2 * said["n_template"]
    assert said["cost"] == pytest.approx(said["n_answers"] * 100 / 1e6)

    # Nothing of the map itself is in a question: no name, no note, no id.
    objects = Catalog.open(demo_lake).query(
        "select distinct lower(tags['name']) as name from objects "
        "where tags['name'] is not null"
    )
    names = {str(name) for (name,) in objects.fetchall() if len(str(name)) > 5}
    told = [one["body"]["messages"][1]["content"] for one in server.asked()]
    assert names
    assert not [(n, t) for n in names for t in told if f'"{n}"' in t.lower()]
    assert {one["authorization"] for one in server.asked()} == {f"Bearer {KEY}"}

    only = ("--select", "stg_lake__polished+")
    built = skyloom("build", "--lake", demo_lake.root, "--quiet", *only)
    assert built.returncode == 0, built.stderr
    catalog = Catalog.open(demo_lake)
    polished = catalog.frame("polished_captions")
    assert set(polished["caption_source"]) == {"polished", "template"}
    assert polished["facts_digest"].n_unique() == 40
    own = polished.filter(caption_source="template").join(
        catalog.frame("captions"), on=["scene_id", "style"]
    )
    assert (own["polished"] == own["title_multi_objects"]).all()
    pairs = catalog.frame("training_pairs").join(
        polished, on=["scene_id", "style"], how="left", suffix="_told"
    )
    assert pairs["polished"].equals(pairs["polished_told"])
    assert pairs.filter(pl.col("polished").is_not_null()).height >= 20
    assert pairs["polished"].null_count() > 0
    files = [file for file in demo_lake.root.rglob("*") if file.is_file()]
    assert not [file for file in files if KEY.encode() in file.read_bytes()]


FAULTS = [
    (["--model", "m"], "--base-url http"),
    (["--base-url", "http://localhost/v1"], "--model"),
    (["--base-url", "localhost:80", "--model", "m"], "no endpoint"),
    (["--base-url", "http://u:secret@h/v1", "--model", "m"], "holds a password"),
    (["--backend", "batch", "--model", "m"], "--out FILE"),
    (
        ["--base-url", "http://h", "--model", "m", "--key-variable", "NO_SUCH"],
        "NO_SUCH",
    ),
    (["--base-url", "http://h", "--model", "m", "--prompt", "v0"], "v1"),
]


@pytest.mark.parametrize(("arguments", "said"), FAULTS)
def test_a_wrong_flag_is_one_sentence(tmp_path, arguments, said):
    from captioning import polish_command as command
    from skyloom.errors import UsageError

    given = dict(zip(arguments[::2], arguments[1::2], strict=True))
    order = command.Order(given.get("--model", ""), prompt=given.get("--prompt", "v1"))
    way: command.Way = command.Service(
        given.get("--base-url", ""), given.get("--key-variable", "OPENAI_API_KEY")
    )
    if given.get("--backend") == "batch":
        way = command.Files(None, None)
    with pytest.raises(UsageError) as caught:
        command.check(order, way)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_batch_files_and_the_report_by_the_command_line(tmp_path, skyloom):
    lake = new_lake(tmp_path)
    requests = tmp_path / "requests.jsonl"
    batch = ("polish", "--lake", lake.root, "--backend", "batch", "--model", "m1")
    done = skyloom(*batch, "--out", requests)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in requests.read_text().splitlines()]
    assert len(lines) == 3
    reply = json.dumps({"caption": "A place.", "used": ["f9"]})
    body = {"choices": [{"message": {"content": reply}}]}
    results = [
        {"custom_id": line["custom_id"], "response": {"body": body}} for line in lines
    ]
    path = Path(tmp_path / "results.jsonl")
    path.write_text("\n".join(json.dumps(one) for one in results))
    done = skyloom(*batch, "--results", path, "--out", requests)
    assert done.returncode == 0, done.stderr
    assert "refused for unknown_fact: 3 of 3 answers" in done.stdout
    again = [json.loads(line) for line in requests.read_text().splitlines()]
    assert [len(line["body"]["messages"]) for line in again] == [4, 4, 4]
    for line, one in zip(again, results, strict=True):
        one["custom_id"] = line["custom_id"]
    path.write_text("\n".join(json.dumps(one) for one in results))
    assert skyloom(*batch, "--results", path).returncode == 0
    rates = skyloom("polish", "--lake", lake.root, "--report", "--json")
    found = {one["reason"]: one["share"] for one in json.loads(rates.stdout)}
    assert found["any"] == found["unknown_fact"] == 1.0
