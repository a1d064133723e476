"""How each rule fares at each source in each country, on the way from rule to model."""

from dataclasses import asdict, dataclass
from math import log1p
from typing import Any

import duckdb

from explore.figures import Tables, literal, rows, sql
from explore.page import environment
from explore.rule_scores import Counts, Limits, Score, Standing
from skyloom import __version__
from skyloom.errors import SkyloomError, UsageError

STEPS = (
    "scorecard_limits",
    "scorecard_rules",
    "scorecard_rejects",
    "scorecard_judged",
    "scorecard_standings",
)
SORTS = {
    "standing": "standing",
    "rule_id": "rule",
    "source": "source",
    "country": "country",
    "max_gsd_m": "seen to (m)",
    "n_objects": "objects",
    "n_scenes": "scenes",
    "n_images": "images",
    "mean_similarity": "similarity",
    "n_audited": "audited",
    "audit_accuracy": "right",
    "n_held_out": "held out",
    "held_out_accuracy": "models right",
}
BARS = ("n_objects", "n_scenes", "n_images", "n_audited", "n_held_out")
PAGE_LINES = 2000


@dataclass(frozen=True)
class Scorecard:
    """The rows asked for, by `sort`; counts are over all of them, listed or not."""

    scores: tuple[Score, ...]
    standings: tuple[Standing, ...]
    counts: Counts
    limits: Limits
    source: str | None
    country: str | None
    sort: str

    def at(self, standing: str) -> tuple[Score, ...]:
        """The listed rows of one standing, those with the most to win first."""
        found = [score for score in self.scores if score.standing == standing]
        return tuple(sorted(found, key=lambda score: score.ranks["standing"]))

    def n_at(self, standing: str) -> int:
        """How many rows are of one standing, listed or not."""
        return sum(one.n_rows for one in self.standings if one.standing == standing)

    def thin(self, score: Score) -> dict[str, bool]:
        """Which numbers are too small to lean on; a rule that denies has none."""
        if score.standing in ("denies", "too_coarse"):
            return {}
        limits = self.limits
        return {
            "n_scenes": not score.n_scenes,
            "n_images": score.n_images < limits.few_images,
            "n_audited": score.n_audited < limits.few_answers,
            "n_held_out": 0 < score.n_held_out < limits.few_answers,
        }

    def summary(self) -> dict[str, Any]:
        """What machines read: plain values, ready for JSON."""
        return {
            "limits": asdict(self.limits),
            "counts": asdict(self.counts),
            "standings": [
                {k: v for k, v in asdict(one).items() if k != "place"}
                for one in self.standings
            ],
            "rows": [
                {k: v for k, v in asdict(score).items() if k != "ranks"}
                for score in self.scores
            ],
        }

    def page(self) -> str:
        """The scorecard as one HTML page, which sorts its rows without a script."""
        shown = self.scores[:PAGE_LINES]
        longest = {
            bar: max((getattr(s, bar) for s in shown), default=0) for bar in BARS
        }
        template = environment().get_template("scorecard.html.j2")
        return template.render(
            version=__version__,
            card=self,
            shown=shown,
            sorts=SORTS,
            bar=lambda column, n: _share(n, longest[column]),
        )


def scorecard(
    catalog: Tables,
    *,
    source: str | None = None,
    country: str | None = None,
    sort: str = "standing",
    most: int | None = None,
) -> Scorecard:
    """Read the first `most` rows of one source or country, or of all of them.

    Raises:
        UsageError: there is no such source, country or column.
        SkyloomError: the catalog was published without the scorecard.
    """
    with catalog.connect() as con:
        return scorecard_on(con, source=source, country=country, sort=sort, most=most)


def scorecard_on(
    con: duckdb.DuckDBPyConnection,
    *,
    source: str | None = None,
    country: str | None = None,
    sort: str = "standing",
    most: int | None = None,
) -> Scorecard:
    """Read it on a connection of the caller's, which keeps temporary tables.

    Raises:
        UsageError: there is no such source, country or column.
        SkyloomError: the catalog was published without the scorecard.
    """
    if sort not in SORTS:
        raise UsageError(
            f"the scorecard cannot be sorted by {sort!r}",
            remedy=f"name one of {', '.join(SORTS)}",
        )
    _check_table(con)
    _check_known(con, "source", source)
    _check_known(con, "country", country)
    for step in STEPS:
        con.execute(f"create temp table {step} as {sql(step)}")
    (counts,) = rows(con, "scorecard_counts", Counts)
    (limits,) = rows(con, "scorecard_limits", Limits)
    return Scorecard(
        rows(con, "scorecard", Score, sort=sort, most=most),
        rows(con, "scorecard_standings", Standing),
        counts,
        limits,
        source,
        country,
        sort,
    )


def _share(n: int, most: int) -> float:
    # By logarithms: one frequent rule would leave all others without a bar.
    return round(100 * log1p(n) / log1p(most), 1) if n else 0.0


def _check_table(con: duckdb.DuckDBPyConnection) -> None:
    held = {name for (name,) in con.execute("show tables").fetchall()}
    if "rule_scorecard" not in held:
        raise SkyloomError(
            "the catalog was published without rule_scorecard",
            remedy="run `skyloom build`",
        )


def _check_known(con: duckdb.DuckDBPyConnection, column: str, name: str | None) -> None:
    """Keep to one source or country, if it is one of the scorecard's."""
    con.execute(f"set variable {column} = {literal(name)}")
    if name is None:
        return
    found = con.execute(
        f"select distinct {column} from rule_scorecard "
        f"where {column} is not null order by {column}"
    )
    known = [one for (one,) in found.fetchall()]
    if name not in known:
        listed = f"it has {', '.join(known)}" if known else "it has none"
        raise UsageError(f"the scorecard has no {column} {name!r}", remedy=listed)
