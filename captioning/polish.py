"""Polish captions: facts in, sentences out, and nothing said that no fact says.

In: the published facts, words and seeds. Out: `polished/`, which the next build reads.
An answer that fails the check is asked for once more, with the reasons; if that fails
too, the caption of the rules stands.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from captioning.chat import Chat, NoReplyError, Reply
from captioning.facts import Facts
from captioning.pace import StoppedError
from captioning.polish_check import judge
from captioning.polish_report import Polished, Prices
from captioning.polished_table import Entry, Journal, compact, read_journal
from captioning.prompt import Prompt, told
from skyloom import progress

if TYPE_CHECKING:
    from captioning.lexicon import Lexicon
    from skyloom.lake import Lake

ATTEMPTS = 2
# After so many questions in a row without an answer the endpoint is given up.
DEAD_AFTER = 8
GIVEN_UP = "the endpoint does not answer"


@dataclass(frozen=True)
class Work:
    """What is to be asked: facts, and the answers that were refused so far."""

    todo: list[tuple[Facts, list[Entry]]]
    n_known: int
    n_left: int


def plan(
    lake: Lake, facts: Sequence[Facts], prompt: Prompt, limit: int | None = None
) -> Work:
    """What of the facts has no final answer of this model and prompt yet."""
    # What a killed run was answered is in the journal, and counts.
    table = compact(lake).filter(model=prompt.model, prompt=prompt.identity)
    known = set(table["facts_digest"])
    tried = read_journal(lake)
    open_ = []
    n_known = 0
    for one in facts:
        if one.digest in known:
            n_known += 1
        else:
            key = (one.digest, prompt.model, prompt.identity)
            open_.append((one, tried.get(key, [])))
    chosen = open_ if limit is None else open_[:limit]
    return Work(chosen, n_known, len(open_) - len(chosen))


def polish(
    lake: Lake,
    work: Work,
    prompt: Prompt,
    lexicon: Lexicon,
    chat: Chat,
    *,
    concurrency: int = 4,
    prices: Prices | None = None,
) -> Polished:
    """Ask for each set of facts, and write what comes of it into the lake.

    Raises:
        CredentialsError: the endpoint refuses the key; answers until then are kept.
        SkyloomError: it refuses the requests, or the journal cannot be written.
    """
    done = Polished(n_known=work.n_known, n_left=work.n_left)
    asking = _Asking(prompt, lexicon, chat, Journal(lake))
    try:
        # Closed before the journal is compacted: threads may still write to it.
        with (
            progress.track("polish", len(work.todo), counted="refused") as step,
            closing(_answers(asking, work, concurrency)) as answers,
        ):
            for entries, said in answers:
                for entry in entries:
                    done.count(entry)
                done.n_unanswered += bool(said)
                step(1, sum(entry.caption is None for entry in entries), said)
                if said.startswith(GIVEN_UP):
                    done.stopped = said
    finally:
        chat.close()
        compact(lake)
    done.n_left += len(work.todo) - (
        done.n_polished + done.n_template + done.n_unanswered
    )
    done.cost = (prices or Prices()).cost(done.n_tokens_in, done.n_tokens_out)
    return done


def _answers(
    asking: _Asking, work: Work, concurrency: int
) -> Generator[tuple[list[Entry], str]]:
    """The new entries of each set of facts as they come; why, where one got none."""
    todo = iter(work.todo)
    in_a_row = 0
    pool = ThreadPoolExecutor(concurrency)
    running: set[Future[tuple[list[Entry], str]]] = set()
    try:
        while True:
            for facts, tries in todo if len(running) < concurrency else ():
                running.add(pool.submit(asking.settle, facts, tries))
                if len(running) >= concurrency:
                    break
            if not running:
                return
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                entries, said = future.result()
                in_a_row = in_a_row + 1 if said else 0
                if in_a_row >= DEAD_AFTER:
                    todo = iter(())
                    said = f"{GIVEN_UP} ({said}); run again later"
                yield entries, said
    finally:
        asking.chat.stop()
        pool.shutdown(wait=True, cancel_futures=True)


@dataclass
class _Asking:
    prompt: Prompt
    lexicon: Lexicon
    chat: Chat
    journal: Journal

    def settle(self, facts: Facts, tries: list[Entry]) -> tuple[list[Entry], str]:
        """Ask until there is a caption or no more to try."""
        entries: list[Entry] = []
        last = tries[-1] if tries else None
        while last is None or not last.is_last:
            try:
                reply = self.chat.ask(
                    request_body(self.prompt, facts, last, self.lexicon)
                )
            except (NoReplyError, StoppedError) as error:
                return entries, str(error) or "stopped"
            last = entry_of(self.prompt, facts, reply, last, self.lexicon)
            self.journal.append(last)
            entries.append(last)
        return entries, ""


def request_body(
    prompt: Prompt, facts: Facts, last: Entry | None, lexicon: Lexicon
) -> dict[str, object]:
    """What is asked next, after the last answer that was refused."""
    if last is None:
        return prompt.body(facts)
    faults = told(judge(last.reply, facts, lexicon).faults)
    return prompt.body(facts, last.reply, faults or f"- {', '.join(last.reasons)}")


def entry_of(
    prompt: Prompt, facts: Facts, reply: Reply, last: Entry | None, lexicon: Lexicon
) -> Entry:
    """A reply, checked, as a line of the journal."""
    judged = judge(reply.text, facts, lexicon)
    attempt = last.attempt + 1 if last else 1
    return Entry(
        facts.digest,
        prompt.model,
        prompt.identity,
        attempt,
        reply.text,
        judged.caption,
        judged.reasons,
        reply.tokens_in,
        reply.tokens_out,
        judged.caption is not None or attempt >= ATTEMPTS,
    )
