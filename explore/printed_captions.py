"""What two builds differ in, and the reasons of one scene, as text on stdout."""

from explore.builds import BuildDifference, CaptionChange
from explore.explain import Explanation, Told
from explore.explained import Scene, Spoken
from explore.lines import say, table


def print_difference(difference: BuildDifference) -> None:
    """Counts, counts per rule, and some captions before and after."""
    counts = difference.counts
    say(f"{difference.before} -> {difference.after}")
    changes = ", ".join(
        f"{one.table} ({_rows(one.n_before)} -> {_rows(one.n_after)})"
        for one in difference.tables
    )
    say(f"tables    {changes or 'all the same'}")
    say(
        f"captions  {counts.n_added:,} added, {counts.n_lost:,} lost, "
        f"{counts.n_changed:,} changed, {counts.n_same_text:,} of the same text by "
        f"edited rules, {counts.n_unchanged:,} unchanged"
    )
    table(
        ("rule", "captions added", "lost", "changed"),
        [(x.rule_id, x.n_added, x.n_lost, x.n_changed) for x in difference.rules],
    )
    for example in difference.examples:
        _print_change(example)


def print_explanation(explanation: Explanation) -> None:
    """Each style's captions, their words one by one, and what was left out."""
    scene = explanation.scene
    link = scene.link(scene.object_id)
    say(f"{scene.scene_id}: a box round {scene.object_id}{' ' + link if link else ''}")
    say(
        f"  source {scene.source}, {scene.gsd_m:g} m per pixel, {scene.width_px} x "
        f"{scene.height_px} pixels, split {scene.split}, {scene.osm_snapshot}"
    )
    for image in scene.images:
        say(f"  image {image['image_id']}, {image['filepath']}")
    for told in explanation.styles:
        _print_style(scene, told)


def _print_style(scene: Scene, told: Told) -> None:
    caption = told.caption
    say(f"\nstyle {caption.style}")
    say(f"title                {caption.title}")
    say(f"title_multi_objects  {caption.title_multi_objects}")
    table(
        ("words", "of", "tag", "rule", "because"),
        [_traced(scene, word) for word in told.trace()],
    )
    table(
        ("tag of the focus, not said", "why not", "rule", "because"),
        [(f"{x.key}={x.value}", x.why, x.rule_id, x.note) for x in told.tags],
    )
    table(
        ("object not said", "tag", "pixels", "test", "why not"),
        [
            (_linked(scene, x.object_id), x.tag, x.extent_px, x.reason, x.why)
            for x in told.objects
        ],
    )


def _print_change(change: CaptionChange) -> None:
    rules = [
        f"{mark}{rule}"
        for mark, names in (
            ("+", change.rules_added),
            ("-", change.rules_lost),
            ("~", change.rules_changed),
        )
        for rule in names
    ]
    say(f"\n{change.scene_id} {change.style} {change.change} {' '.join(rules)}")
    pairs = [(change.title_before, change.title_after)]
    if change.title_before == change.title_after:
        pairs = []
    multi = (change.title_multi_objects_before, change.title_multi_objects_after)
    for before, after in [*pairs, *([multi] if multi not in pairs else [])]:
        if before is not None:
            say(f"  - {before}")
        if after is not None:
            say(f"  + {after}")


def _traced(scene: Scene, word: Spoken) -> tuple[object, ...]:
    if word.object_id is None:
        return (word.words, "", "", "", "")
    tag = f"{word.key}={word.value}"
    of = f"{word.role} {_linked(scene, word.object_id)}"
    return (word.words, of, tag, word.rule_id, word.note)


def _linked(scene: Scene, object_id: str) -> str:
    link = scene.link(object_id)
    return f"{object_id} {link}" if link else object_id


def _rows(n: int | None) -> str:
    return "none" if n is None else f"{n:,}"
