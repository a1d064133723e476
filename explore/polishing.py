"""Captions by language models: how many passed the check, and why others did not."""

from dataclasses import dataclass

import duckdb

from explore.figures import rows


@dataclass(frozen=True)
class Asked:
    """What one model made of scenes with one prompt in one style."""

    style: str
    model: str
    prompt: str
    n: int
    n_polished: int


@dataclass(frozen=True)
class Refused:
    """Scenes of which an answer was refused for one reason; `any` counts each once."""

    reason: str
    n: int
    share: float


@dataclass(frozen=True)
class RefusedRule:
    """Scenes whose captions a tag rule gave words to, and those refused among them."""

    rule_id: str
    n: int
    n_refused: int
    n_template: int
    share: float


@dataclass(frozen=True)
class Polishing:
    """The whole part; empty where no model was asked."""

    asked: tuple[Asked, ...]
    reasons: tuple[Refused, ...]
    rules: tuple[RefusedRule, ...]


def polishing(con: duckdb.DuckDBPyConnection) -> Polishing:
    """What became of the captions that language models were asked for."""
    return Polishing(
        rows(con, "polish_asked", Asked),
        rows(con, "polish_reasons", Refused),
        rows(con, "polish_rules", RefusedRule),
    )
