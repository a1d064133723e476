"""How accurate the tags are by what people graded, and how far people agree.

An estimate weighs each stratum by the image-tag pairs that it stands for; its interval
is that of `skyloom.estimates`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from captioning.audit_grades import Grade
from captioning.audit_page import GRADES
from skyloom.estimates import PUBLISHED_ACCURACY, Stratum, stratified


@dataclass(frozen=True)
class Estimate:
    """The share of right tags, with its 95 % interval; `shares` are of each grade.

    `n` counts graded pairs; `accuracy` is weighted by strata, `shares` are not.
    """

    what: str
    n: int
    accuracy: float
    low: float
    high: float
    shares: Mapping[str, float]


@dataclass(frozen=True)
class Agreement:
    """How far two auditors agree on the pairs that both graded.

    `kappa` is Cohen's over the four grades, `kappa_right` over right or not; None where
    chance alone would make them agree.
    """

    one: str
    other: str
    n: int
    same: float
    kappa: float | None
    kappa_right: float | None


@dataclass(frozen=True)
class AuditReport:
    """What the grades of one sample come to.

    `covered` is the share of all pairs that the strata with a grade stand for.
    """

    sample: str
    n_units: int
    n_graded: int
    covered: float
    overall: Estimate
    by_source: tuple[Estimate, ...]
    by_stratum: tuple[Estimate, ...]
    by_auditor: tuple[Estimate, ...]
    agreements: tuple[Agreement, ...]
    published: float = PUBLISHED_ACCURACY


@dataclass(frozen=True)
class _Verdict:
    """What most auditors say of one pair; a tie is not right."""

    source: str
    stratum: str
    n_stratum: int
    is_right: bool
    grades: tuple[str, ...]


def report(grades: Sequence[Grade]) -> AuditReport:
    """Judge the grades of one sample, at least one of which is given."""
    sizes = {row.stratum: row.n_stratum for row in grades}
    sources = sorted({row.source for row in grades})
    auditors = sorted({row.auditor for row in grades if row.grade})
    verdicts = _verdicts(grades)
    graded = {one.stratum for one in verdicts}
    return AuditReport(
        sample=grades[0].sample,
        n_units=len({row.pair for row in grades}),
        n_graded=len(verdicts),
        covered=sum(sizes[name] for name in graded) / sum(sizes.values()),
        overall=_estimate("all pairs", verdicts),
        by_source=tuple(
            _estimate(source, found)
            for source in sources
            if (found := [one for one in verdicts if one.source == source])
        ),
        by_stratum=tuple(
            _estimate(stratum, [one for one in verdicts if one.stratum == stratum])
            for stratum in sorted(graded)
        ),
        by_auditor=tuple(
            _estimate(who, _verdicts([row for row in grades if row.auditor == who]))
            for who in auditors
        ),
        agreements=tuple(
            agreement
            for one, other in combinations(auditors, 2)
            if (agreement := _agreement(one, other, grades))
        ),
    )


def kappa(pairs: Sequence[tuple[object, object]]) -> float | None:
    """Cohen's kappa: agreement beyond chance; None where chance gives all of it."""
    n = len(pairs)
    same = sum(one == other for one, other in pairs) / n
    left, right = (Counter(pair[side] for pair in pairs) for side in (0, 1))
    by_chance = sum(left[word] * right[word] for word in sorted(left, key=str)) / n**2
    return (same - by_chance) / (1 - by_chance) if by_chance < 1 else None


def _verdicts(grades: Sequence[Grade]) -> list[_Verdict]:
    said: dict[tuple[str, str, str], list[Grade]] = {}
    for row in grades:
        if row.grade:
            said.setdefault(row.pair, []).append(row)
    return [
        _Verdict(
            rows[0].source,
            rows[0].stratum,
            rows[0].n_stratum,
            2 * sum(row.is_right for row in rows) > len(rows),
            tuple(row.grade for row in rows),
        )
        for _, rows in sorted(said.items())
    ]


def _estimate(what: str, verdicts: Sequence[_Verdict]) -> Estimate:
    n = Counter(one.stratum for one in verdicts)
    right = Counter(one.stratum for one in verdicts if one.is_right)
    sizes = {one.stratum: one.n_stratum for one in verdicts}
    strata = [Stratum(sizes[name], n[name], right[name]) for name in sorted(sizes)]
    found = stratified(strata)
    given = Counter(grade for one in verdicts for grade in one.grades)
    shares = {grade: given[grade] / given.total() for grade in GRADES}
    return Estimate(what, len(verdicts), found.value, found.low, found.high, shares)


def _agreement(one: str, other: str, grades: Sequence[Grade]) -> Agreement | None:
    first, second = (
        {row.pair: row for row in grades if row.auditor == who and row.grade}
        for who in (one, other)
    )
    both = [(first[pair], second[pair]) for pair in sorted(first) if pair in second]
    if not both:
        return None
    words = [(left.grade, right.grade) for left, right in both]
    sides = [(left.is_right, right.is_right) for left, right in both]
    same = sum(left == right for left, right in words) / len(words)
    return Agreement(one, other, len(words), same, kappa(words), kappa(sides))
