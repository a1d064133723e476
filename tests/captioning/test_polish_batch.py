"""The same questions as batch files."""

import json

import pytest

from captioning.batch import read_results, write_requests
from captioning.facts import read_facts
from captioning.lexicon import read_lexicon
from captioning.polish import plan
from captioning.polished_table import read_table
from captioning.prompt import read_prompt
from skyloom.catalog import Catalog
from skyloom.dbt_run import PROJECT
from skyloom.errors import UsageError
from tests.captioning.chat_server import good_reply
from tests.captioning.polish_catalog import SCENES


@pytest.fixture
def batch(lake, tmp_path):
    """Write requests or read results, as the command does."""
    catalog = Catalog.open(lake)
    lexicon = read_lexicon(catalog, PROJECT / "seeds")
    prompt = read_prompt("m1")

    def ask():
        path = tmp_path / "requests.jsonl"
        work = plan(lake, read_facts(catalog), prompt)
        n = write_requests(path, work, prompt, lexicon)
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert len(lines) == n
        return lines

    def read(results):
        path = tmp_path / "results.jsonl"
        path.write_text(results)
        work = plan(lake, read_facts(catalog), prompt)
        return read_results(lake, path, work, prompt, lexicon)

    return ask, read


def result(line, reply):
    body = {
        "choices": [{"message": {"role": "assistant", "content": reply}}],
        "usage": {"prompt_tokens": 50, "completion_tokens": 5},
    }
    response = {"status_code": 200, "body": body}
    name = line["custom_id"]
    return json.dumps({"custom_id": name, "response": response, "error": None})


def well(line):
    return result(line, good_reply(json.loads(line["body"]["messages"][1]["content"])))


def test_requests_are_those_of_a_batch_and_the_same_twice(batch):
    ask, _ = batch
    lines = ask()
    assert len(lines) == 3
    assert lines == ask()
    for line in lines:
        assert set(line) == {"custom_id", "method", "url", "body"}
        assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
        assert len(line["custom_id"]) <= 64
        assert line["body"]["model"] == "m1"
    assert len({line["custom_id"] for line in lines}) == 3


def test_what_is_refused_or_failed_is_in_the_next_file_alone(batch, lake):
    ask, read = batch
    good, bad, failed = ask()
    lie = json.dumps({"caption": "Perhaps.", "used": []})
    error = {"custom_id": failed["custom_id"], "response": None, "error": {"code": "x"}}
    text = "\n".join([well(good), result(bad, lie), json.dumps(error), "{torn", ""])
    done = read(text)
    assert (done.polished.n_polished, done.polished.n_unanswered) == (1, 1)
    assert done.n_foreign == 1
    assert read_table(lake)["facts_digest"].to_list() == [good["custom_id"][:32]]

    lines = {line["custom_id"]: line for line in ask()}
    assert set(lines) == {bad["custom_id"][:-1] + "2", failed["custom_id"]}
    retry = lines[bad["custom_id"][:-1] + "2"]
    assert len(retry["body"]["messages"]) == 4
    # Results that were read answer nothing any more.
    assert read(text).n_foreign == 3

    read("\n".join([result(retry, lie), well(failed)]))
    table = read_table(lake)
    assert table.height == 3
    row = table.filter(facts_digest=bad["custom_id"][:32]).row(0, named=True)
    assert (row["caption_source"], row["attempts"]) == ("template", 2)
    assert row["n_tokens_in"] == 100
    assert ask() == []


def test_results_of_another_model_are_not_taken(batch, lake):
    ask, read = batch
    foreign = [
        well({**line, "custom_id": line["custom_id"].replace("-", "-0")})
        for line in ask()
    ]
    assert read("\n".join(foreign)).n_foreign == 3
    assert read_table(lake).height == 0


def test_a_file_that_is_not_there_is_one_sentence(lake, tmp_path):
    prompt = read_prompt("m1")
    lexicon = read_lexicon(Catalog.open(lake), PROJECT / "seeds")
    work = plan(lake, [scene.facts for scene in SCENES], prompt)
    with pytest.raises(UsageError, match="cannot be read"):
        read_results(lake, tmp_path / "none.jsonl", work, prompt, lexicon)
