"""One rule in sentences: what it asks, and what it comes to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class About:
    """A row of the rule seed as it is written; all None where the rule is no row."""

    rule_id: str
    key: str | None
    value: str | None
    not_key: str | None
    not_value: str | None
    geometry: str | None
    min_area_m2: str | None
    max_gsd_m: str | None
    phrase: str | None
    priority: str | None
    note: str | None
    in_seed: bool


@dataclass(frozen=True)
class Counts:
    """How much a rule decides.

    Scenes are `n_able` where the imagery can show the tag, and `n_scenes` where a
    caption says it, in `n_focus` of them of the focus object. Where all imagery is
    drawn, its objects need not exist.
    """

    n_objects: int
    n_groundable: int
    n_able: int
    n_scenes: int
    n_focus: int
    n_images: int
    n_words: int
    max_gsd_m: float | None
    finest_gsd_m: float | None
    all_drawn: bool


def told_rule(about: About) -> str:
    """What a rule asks of an object, and why."""
    if not about.in_seed:
        return "Not a row of the seed: a model decides it."
    asks = [
        f"{about.key}={about.value}",
        about.geometry and f"as {about.geometry.replace('|', ' or ')}",
        about.min_area_m2 and f"of at least {about.min_area_m2} m2",
        about.not_key and f"without {about.not_key}={about.not_value or '*'}",
        f"at priority {about.priority or 0}",
    ]
    note = f": {about.note}" if about.note else ""
    return f"{' '.join(part for part in asks if part)}{note}."


def told_counts(counts: Counts) -> list[str]:
    """What a rule comes to, a sentence each."""
    if not counts.n_objects:
        return ["It decides nothing here."]
    said = [f"It decides {_objects(counts.n_objects)}."]
    if not counts.n_groundable:
        return [*said, "No image can show the tag, it says."]
    finest, seen = counts.finest_gsd_m, counts.max_gsd_m or 0
    visible = f"up to {seen:g} m per pixel"
    if counts.n_groundable < counts.n_objects:
        said.append(f"The tag of {counts.n_groundable:,} can be seen, {visible}.")
    else:
        said.append(f"The tag can be seen {visible}.")
    if finest and finest > seen:
        said.append(f"The finest imagery here has {finest:g} m.")
    if counts.n_able > counts.n_scenes:
        said.append(
            f"It could be said in {_scenes(counts.n_able)}; "
            f"the captions of {counts.n_able - counts.n_scenes:,} leave it out."
        )
    return said


def _objects(n: int) -> str:
    return f"a tag of {n:,} object{'s' * (n != 1)}"


def _scenes(n: int) -> str:
    return f"{n:,} scene{'s' * (n != 1)}"
