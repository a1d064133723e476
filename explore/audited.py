"""How right the captions are by what people graded, with intervals."""

from dataclasses import dataclass

import duckdb

from explore.figures import rows
from skyloom.estimates import PUBLISHED_ACCURACY, Share, Stratum, stratified, wilson

FEW_ANSWERS = 3
MOST_RULES = 10


@dataclass(frozen=True)
class Audited:
    """Answers on one rule at one source; `n_all` image-rule pairs stand behind them."""

    rule_id: str
    source: str
    n_all: int
    n: int
    n_right: int


@dataclass(frozen=True)
class Accuracy:
    """The share of right answers; `covered` of the pairs are of a rule with one."""

    what: str
    n: int
    covered: float
    share: Share


@dataclass(frozen=True)
class Audit:
    """All answers, by source, and the rules that people find wrong most."""

    overall: Accuracy
    by_source: tuple[Accuracy, ...]
    weakest: tuple[Accuracy, ...]
    published: float = PUBLISHED_ACCURACY


@dataclass(frozen=True)
class Audits:
    """What is audited; nothing while nobody has looked."""

    audit: Audit | None


def audits(con: duckdb.DuckDBPyConnection) -> Audits:
    """Estimate how right the data set is; each rule at each source is a stratum."""
    found = rows(con, "audited_rules", Audited)
    if not any(one.n for one in found):
        return Audits(None)
    sources = sorted({one.source for one in found if one.n})
    return Audits(
        Audit(
            _accuracy("all sources", found),
            tuple(
                _accuracy(source, tuple(one for one in found if one.source == source))
                for source in sources
            ),
            _weakest(found),
        )
    )


def _accuracy(what: str, found: tuple[Audited, ...]) -> Accuracy:
    graded = [one for one in found if one.n]
    covered = sum(one.n_all for one in graded) / sum(one.n_all for one in found)
    strata = [Stratum(one.n_all, one.n, one.n_right) for one in graded]
    return Accuracy(what, sum(one.n for one in graded), covered, stratified(strata))


def _weakest(found: tuple[Audited, ...]) -> tuple[Accuracy, ...]:
    answers: dict[str, list[Audited]] = {}
    for one in found:
        answers.setdefault(one.rule_id, []).append(one)
    judged = []
    for rule, ones in sorted(answers.items()):
        n, right = sum(one.n for one in ones), sum(one.n_right for one in ones)
        if n >= FEW_ANSWERS and right < n:
            share = Share(right / n, *wilson(right / n, n))
            judged.append(Accuracy(rule, n, 1.0, share))
    # The worse the more sure: by the upper end of the interval.
    judged.sort(key=lambda one: (one.share.high, one.what))
    return tuple(judged[:MOST_RULES])
