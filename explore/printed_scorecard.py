"""The rules' scorecard as text on stdout."""

from pathlib import Path

from explore.lines import counted, say, table, told_page
from explore.rule_scorecard import SORTS, Scorecard
from explore.rule_scores import Score

LINES = 30


def print_scorecard(card: Scorecard, page: Path | None, *, most: int | None) -> None:
    """How far the rules have come, and the first rows, LINES of them by default."""
    counts = card.counts
    rules, rows = counted(counts.n_rules, "rule"), counted(counts.n_rows, "row")
    idle = "decides" if counts.n_idle == 1 else "decide"
    say(f"{rules} in {rows}")
    say(f"{counted(counts.n_idle, 'rule')} of the seed {idle} nothing here")
    table(
        ("standing", "rows", "rules"),
        [
            (spaced(one.standing), one.n_rows, one.n_rules)
            for one in card.standings
            if one.n_rows
        ],
    )
    shown = card.scores[: LINES if most is None else most]
    table(
        (
            "rule",
            "matches",
            *list(SORTS.values())[2:],
            "standing",
            "kept from scenes by",
        ),
        [_line(score) for score in shown],
    )
    if len(shown) < counts.n_rows:
        say(f"the first {len(shown):,} of {rows}; --limit lists more, --json all")
    told_page(page)


def spaced(standing: str) -> str:
    """A standing in words."""
    return standing.replace("_", " ")


def _line(score: Score) -> tuple[object, ...]:
    return (
        score.rule_id,
        score.matches,
        score.source,
        score.country,
        None if score.max_gsd_m is None else f"{score.max_gsd_m:g}",
        score.n_objects,
        score.n_scenes,
        score.n_images,
        None if score.mean_similarity is None else f"{score.mean_similarity:.3f}",
        score.n_audited,
        _percent(score.audit_accuracy),
        score.n_held_out,
        _percent(score.held_out_accuracy),
        spaced(score.standing),
        None if score.n_scenes or score.standing == "denies" else score.why_no_scene(),
    )


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.0%}"
