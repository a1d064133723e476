"""The same questions as a file: OpenAI's batches, which vLLM's `run_batch` reads too.

What was refused is asked for again by the next file of requests.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from captioning.chat import read_reply
from captioning.polish import Work, entry_of, request_body
from captioning.polish_report import Polished, Prices
from captioning.polished_table import Journal, compact
from captioning.prompt import Prompt
from skyloom.errors import SkyloomError, UsageError

if TYPE_CHECKING:
    from captioning.lexicon import Lexicon
    from skyloom.lake import Lake

URL = "/v1/chat/completions"


@dataclass(frozen=True)
class Read:
    """What came of a file of results; `n_foreign` lines answer nothing that is open."""

    polished: Polished
    n_foreign: int

    def __str__(self) -> str:
        return f"{self.polished}\n{self.n_foreign:,} lines that answer nothing open"


def write_requests(path: Path, work: Work, prompt: Prompt, lexicon: Lexicon) -> int:
    """Write a line for each open question, and return how many there are.

    Raises:
        SkyloomError: the file could not be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8") as file:
            for facts, tries in work.todo:
                last = tries[-1] if tries else None
                line = {
                    "custom_id": _name(prompt, facts.digest, len(tries) + 1),
                    "method": "POST",
                    "url": URL,
                    "body": request_body(prompt, facts, last, lexicon),
                }
                file.write(json.dumps(line, sort_keys=True) + "\n")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SkyloomError(
            f"could not be written ({error.strerror})", where=str(path)
        ) from None
    return len(work.todo)


def read_results(
    lake: Lake,
    path: Path,
    work: Work,
    prompt: Prompt,
    lexicon: Lexicon,
    prices: Prices | None = None,
) -> Read:
    """Check the answers of a file of results, and write them into the lake.

    Raises:
        UsageError: the file cannot be read.
    """
    open_ = {
        _name(prompt, facts.digest, len(tries) + 1): (facts, tries)
        for facts, tries in work.todo
    }
    n_open = len(open_)
    done, journal = Polished(n_known=work.n_known), Journal(lake)
    n_foreign = 0
    for line in _lines(path):
        name = line.get("custom_id")
        found = open_.pop(name, None) if isinstance(name, str) else None
        if found is None:
            n_foreign += 1
            continue
        facts, tries = found
        try:
            # A line that names an error has no body.
            reply = read_reply((line.get("response") or {})["body"])
        except (ValueError, KeyError, TypeError):
            done.n_unanswered += 1
            continue
        last = tries[-1] if tries else None
        entry = entry_of(prompt, facts, reply, last, lexicon)
        journal.append(entry)
        done.count(entry)
    compact(lake)
    done.n_left = n_open - done.n_polished - done.n_template - done.n_unanswered
    done.cost = (prices or Prices()).cost(done.n_tokens_in, done.n_tokens_out)
    return Read(done, n_foreign)


def _lines(path: Path) -> Sequence[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the results cannot be read ({type(error).__name__})",
            where=str(path),
            remedy="name the file of results that the batch gave",
        ) from None
    lines: list[dict[str, Any]] = []
    for line in text.split("\n"):
        try:
            value = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError):
            value = {}
        if isinstance(value, dict):
            lines.append(value)
    return lines


def _name(prompt: Prompt, digest: str, attempt: int) -> str:
    text = f"{prompt.model} {prompt.identity}"
    return f"{digest}-{hashlib.sha256(text.encode()).hexdigest()[:12]}-{attempt}"
