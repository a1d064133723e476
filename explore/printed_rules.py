"""A rule's preview and the coverage of all rules as text on stdout."""

from pathlib import Path

from explore.lines import counted, say, table, told_page
from explore.rule_coverage import RuleCoverage, Undecided
from explore.rule_preview import Near, Preview


def print_preview(preview: Preview, page: Path | None) -> None:
    """One rule in sentences, its words, co-tags and near misses."""
    counts = preview.counts
    say(preview.about.rule_id)
    for sentence in preview.told():
        say(f"  {sentence}")
    say(
        f"  Captions say it in {counted(counts.n_scenes, 'scene')}, of the focus in "
        f"{counts.n_focus:,}, and there {'is' if counts.n_images == 1 else 'are'} "
        f"{counted(counts.n_images, 'image')} of them."
    )
    table(
        ("words", "scenes", "of the focus"),
        [(one.label, one.n, one.n_focus) for one in preview.phrases],
    )
    table(
        ("its objects are also tagged", "objects", "share", "lift"),
        [(x.label, x.n, f"{x.share:.0%}", x.lift) for x in preview.cotags],
    )
    table(
        ("near misses fail", "why", "objects", "for example"),
        [
            (near.condition, preview.why(near), near.n, _examples(near))
            for near in preview.near
        ],
    )
    told_page(page)


def print_coverage(coverage: RuleCoverage, page: Path | None) -> None:
    """How far the rules reach, what they leave undecided and which are idle."""
    counts = coverage.counts
    for part, whole, what in (
        (counts.n_grounded, counts.n_objects, "objects have a tag that can be seen"),
        (counts.n_scenes_grounded, counts.n_scenes, "scenes have something to say"),
        (counts.n_decided, counts.n_tags, "tags of objects are decided"),
    ):
        share = f" ({part / whole:.1%})" if whole else ""
        say(f"{part:,} of {whole:,} {what}{share}")
    say(f"{counts.n_unseen:,} objects in imagery have no visible tag")
    table(
        ("undecided tag", "undecided", "objects", "example"), _undecided(coverage.tags)
    )
    table(
        ("undecided key", "undecided", "objects", "values"), _undecided(coverage.keys)
    )
    table(
        ("rule always beaten", "matches", "objects", "by so many", "above all"),
        [
            (rule.rule_id, rule.matches, rule.n_shadowed, rule.n_winners, rule.winners)
            for rule in coverage.idle_for("shadowed")
        ],
    )
    table(
        ("rule that no object meets", "matches", "objects", "fail"),
        [
            (rule.rule_id, rule.matches, rule.n_tags, rule.conditions)
            for rule in coverage.idle_for("no_object")
        ],
    )
    table(
        ("words of several keys", "objects", "given to"),
        [(one.phrase, one.n_objects, one.givers) for one in coverage.phrases],
    )
    absent = [rule.rule_id for rule in coverage.idle_for("no_tag")]
    say(f"\nrules whose tag no object has: {len(absent)}")
    say(", ".join(absent))
    told_page(page)


def _examples(near: Near) -> str:
    return "; ".join(
        f"{one['object_id']} {one['tag']}"
        + (f" {one['area_m2']:g} m2" if one["area_m2"] is not None else "")
        for one in near.examples
    )


def _undecided(tags: tuple[Undecided, ...]) -> list[tuple[object, ...]]:
    return [(x.label, x.n_undecided, x.n_objects, x.example) for x in tags]
