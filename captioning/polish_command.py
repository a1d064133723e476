"""`skyloom polish`, put together: what is asked for, where, and in which form."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from captioning.batch import read_results, write_requests
from captioning.chat import Chat, Endpoint
from captioning.facts import read_facts
from captioning.lexicon import read_lexicon
from captioning.polish import plan, polish
from captioning.polish_report import Polished, Prices, report
from captioning.prompt import VERSION, read_prompt
from skyloom.catalog import Catalog
from skyloom.errors import UsageError

if TYPE_CHECKING:
    from skyloom.lake import Lake
    from skyloom.settings import Settings

__all__ = ["Done", "Files", "Order", "Service", "Way", "check", "report", "run"]
DEFAULT_KEY_VARIABLE = "OPENAI_API_KEY"


@dataclass(frozen=True)
class Order:
    """What is to be polished, and with which words; prices are per million tokens."""

    model: str
    style: str = "skyscript"
    prompt: str = VERSION
    parameters: Mapping[str, Any] | None = None
    limit: int | None = None
    all_scenes: bool = False
    prices: tuple[float | None, float | None] = (None, None)


@dataclass(frozen=True)
class Service:
    """An endpoint that is asked; the key is read from a variable."""

    base_url: str
    key_variable: str = DEFAULT_KEY_VARIABLE
    concurrency: int = 4
    per_minute: float | None = None

    def endpoint(self, timeout_s: float = 120) -> Endpoint:
        """Where to ask.

        Raises:
            UsageError: the address or the key cannot be used.
        """
        if not self.base_url:
            raise UsageError(
                "there is no endpoint to ask",
                remedy="name one, like --base-url http://localhost:8000/v1",
            )
        key = os.environ.get(self.key_variable, "").strip()
        # Servers of one's own ask for no key.
        if not key and self.key_variable != DEFAULT_KEY_VARIABLE:
            raise UsageError(f"the variable {self.key_variable} holds no key")
        return Endpoint(
            self.base_url,
            key,
            timeout_s=timeout_s,
            per_minute=self.per_minute,
            connections=self.concurrency,
        )


@dataclass(frozen=True)
class Files:
    """Batch files: requests to write, results to read, or first one, then the other."""

    out: Path | None
    results: Path | None


Way = Service | Files


@dataclass(frozen=True)
class Done:
    """What came of the command."""

    polished: Polished
    n_requests: int | None = None
    n_foreign: int | None = None

    @property
    def is_partial(self) -> bool:
        """Whether something that was asked for has no answer."""
        return self.polished.is_partial

    def summary(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            **asdict(self.polished),
            "reasons": dict(sorted(self.polished.reasons.items())),
            "n_requests": self.n_requests,
            "n_foreign": self.n_foreign,
        }

    def __str__(self) -> str:
        lines = [str(self.polished)]
        if self.n_foreign is not None:
            lines.append(f"{self.n_foreign:,} lines of results answer nothing open")
        if self.n_requests is not None:
            lines.append(f"{self.n_requests:,} requests written")
        return "\n".join(lines)


def check(order: Order, way: Way) -> None:
    """Refuse what cannot be done before the lake is touched.

    Raises:
        UsageError: a flag is missing, or does not fit.
    """
    if not order.model:
        raise UsageError("no model is named", remedy="name one with --model")
    read_prompt(order.model, order.prompt)
    if isinstance(way, Service):
        way.endpoint()
    elif not way.out and not way.results:
        raise UsageError(
            "a batch needs a file",
            remedy="give --out FILE for requests, --results FILE for results",
        )


def run(lake: Lake, settings: Settings, order: Order, way: Way) -> Done:
    """Polish what the published catalog has and this model was not asked yet."""
    catalog = Catalog.open(lake)
    facts = read_facts(catalog, style=order.style, all_scenes=order.all_scenes)
    lexicon = read_lexicon(catalog, settings.project / "seeds")
    prompt = read_prompt(order.model, order.prompt, order.parameters)
    prices = Prices(*order.prices)
    if isinstance(way, Service):
        work = plan(lake, facts, prompt, order.limit)
        chat = Chat(way.endpoint(settings.request_timeout_s))
        done = polish(
            *(lake, work, prompt, lexicon, chat),
            concurrency=way.concurrency,
            prices=prices,
        )
        return Done(done)
    done, n_foreign = Polished(), None
    if way.results:
        # A limit is for requests: any result is welcome.
        work = plan(lake, facts, prompt)
        read = read_results(lake, way.results, work, prompt, lexicon, prices)
        done, n_foreign = read.polished, read.n_foreign
    if not way.out:
        return Done(done, n_foreign=n_foreign)
    work = plan(lake, facts, prompt, order.limit)
    n_requests = write_requests(way.out, work, prompt, lexicon)
    done.n_known, done.n_left = work.n_known, work.n_left
    return Done(done, n_requests, n_foreign)
