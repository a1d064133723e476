import json
from dataclasses import asdict
from datetime import datetime

import pytest

from extract.attempts import Attempt, plain_detail
from extract.ledger import Entry, Journal, compact
from extract.tables import read
from skyloom.lake import Lake
from skyloom.raw_tables import ATTEMPTS

ENTRY = Entry("r1", "a1_S1", "b1", "S1", "ok", drawn=False)


def attempt(number: int, run: int = 1, reason: str | None = None) -> Attempt:
    started = f"2026-01-02T03:04:0{number}.000000"
    return Attempt("r1", "S1", run, number, 4, reason, None, 200, 12, 345, started)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("  two \n lines ", "two lines"),
        ("GET https://h/a.tif?st=1&sig=abc%3D failed", "GET https://h/a.tif failed"),
        ("with url: /a/B04.tif?sig=abc (Caused by x)", "with url: /a/B04.tif (Caused"),
        ("'/vsicurl/https://h/a?X-Amz-Signature=ab'", "'/vsicurl/https://h/a'"),
        ("https%3A%2F%2Fh%2Fa%3Fsig%3Dabc", "https%3A%2F%2Fh%2Fa"),
        ("http://me:pass@host/x", "http://host/x"),
        ("https://h/#access_token=abc", "https://h/"),
        ("why? because 1 = 1", "why? because 1 = 1"),
        ("x" * 5000, "x" * 256),
    ],
)
def test_a_detail_is_short_and_holds_no_secret(said: str, told: str) -> None:
    assert plain_detail(said).startswith(told)
    assert len(plain_detail(said)) <= 256
    assert not {"sig", "pass@", "Signature", "token="} & set(plain_detail(said).split())
    assert "abc" not in plain_detail(said)


def test_each_run_has_a_number_and_a_file_of_its_own(lake: Lake) -> None:
    for run in (1, 2, 3):
        with Journal(lake) as journal:
            assert journal.run == run
            journal.append([ENTRY], [attempt(1, run, "http"), attempt(2, run)])
        assert compact(lake).height == 1
    files = [file.name for file in sorted((lake.root / "attempts").glob("0*"))]
    assert files == ["000001.parquet", "000002.parquet", "000003.parquet"]
    rows = read(lake, ATTEMPTS)
    assert rows.height == 6
    assert rows["started"][0] == datetime(2026, 1, 2, 3, 4, 1)
    assert rows["reason"].to_list() == ["http", None] * 3
    assert rows["run"].to_list() == [1, 1, 2, 2, 3, 3]


def test_a_kill_while_compacting_counts_nothing_twice(lake: Lake) -> None:
    journal = lake.root / "journal"
    journal.mkdir(exist_ok=True)
    lines = [asdict(attempt(1, 7, "http")), asdict(attempt(2, 7)), asdict(ENTRY)]
    text = "".join(json.dumps(line) + "\n" for line in lines) + '{"request_id": "r'
    for _ in range(2):
        (journal / "000007.jsonl").write_text(text)
        before = compact(lake)
        assert (before.height, read(lake, ATTEMPTS).height) == (1, 2)
    assert not list(journal.iterdir())
    assert Journal(lake).run == 8
