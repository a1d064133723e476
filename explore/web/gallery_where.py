"""The gallery's filters as conditions on `images`, and the variables that they read.

What an address says reaches SQL as a variable and never as text. Tables sorted by
scene are read only between the scenes of the window that is looked through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from explore.figures import literal
from explore.web.gallery_asked import Asked

# Read only where both are given: a condition that is always true would be no bound.
BETWEEN = (
    "and {0}.scene_id between getvariable('first_scene') and getvariable('last_scene')"
)
TEXT = "lower(concat_ws(' ', captions.title, captions.title_multi_objects))"


@dataclass(frozen=True)
class Where:
    """Conditions joined by `and`; `variables` are what they read."""

    conditions: tuple[tuple[str, str | None], ...]
    variables: Mapping[str, object]

    def text(self, *, within: bool) -> str:
        """As SQL; `within` the scenes that two more variables name, or wherever."""
        found = [
            condition.replace("{between}", BETWEEN.format(table) if within else "")
            for condition, table in self.conditions
        ]
        return " and ".join(found) or "true"

    @property
    def by_scene(self) -> bool:
        """Whether a bound on scenes saves anything."""
        return any(table for _, table in self.conditions)


def where(asked: Asked, style: str | None, selection: str | None) -> Where:
    """What the filters ask of an image; `style` and `selection` are those shown."""
    found: list[tuple[str, str | None]] = []
    if asked.source:
        found.append(("images.source = getvariable('source')", None))
    if asked.bbox:
        found.append((_in_box(asked.bbox.west > asked.bbox.east), None))
    for name in ("country", "split"):
        if getattr(asked, name):
            found.append(_scene("scenes", f"scenes.{name} = getvariable('{name}')"))
    if asked.key:
        value = " and scene_tags.value = getvariable('value')" if asked.value else ""
        found.append(
            _scene("scene_tags", f"scene_tags.key = getvariable('key'){value}")
        )
    if asked.rule:
        found.append(
            _scene(
                "caption_words",
                "caption_words.rule_id = getvariable('rule') "
                "and caption_words.style = getvariable('style')",
            )
        )
    if asked.words:
        says = " and ".join(
            f"contains({TEXT}, getvariable('word_{number}'))"
            for number in range(len(asked.words))
        )
        found.append(
            _scene("captions", f"captions.style = getvariable('style') and {says}")
        )
    if asked.kept:
        found.append((_selected("selections.kept = getvariable('kept')"), None))
    if asked.sim_min is not None or asked.sim_max is not None:
        found.append((_similar(selection), None))
    return Where(tuple(found), _variables(asked, style, selection))


def set_variables(
    con: duckdb.DuckDBPyConnection, variables: Mapping[str, object]
) -> None:
    """Give a connection's queries their variables, as literals."""
    for name, value in variables.items():
        con.execute(f"set variable {name} = {literal(value)}")


def _variables(
    asked: Asked, style: str | None, selection: str | None
) -> dict[str, object]:
    box = asked.bbox
    return {
        "style": style,
        "selection": selection,
        "source": asked.source,
        "country": asked.country,
        "split": asked.split,
        "key": asked.key,
        "value": asked.value,
        "rule": asked.rule,
        "kept": int(asked.kept == "yes"),
        "sim_min": -1 if asked.sim_min is None else asked.sim_min,
        "sim_max": 1 if asked.sim_max is None else asked.sim_max,
        "box": [box.west, box.south, box.east, box.north] if box else None,
        **{f"word_{number}": word for number, word in enumerate(asked.words)},
    }


def _scene(table: str, condition: str) -> tuple[str, str]:
    # The scenes of the gallery's own table are in order of their ids.
    source = "gallery.scenes" if table == "scenes" else table
    query = f"select {table}.scene_id from {source} where {condition} {{between}}"
    return f"images.scene_id in ({query})", table


def _selected(condition: str) -> str:
    return (
        "images.image_id in (select selections.image_id from selections where "
        f"selections.selection = getvariable('selection') and {condition})"
    )


def _similar(selection: str | None) -> str:
    between = "similarity between getvariable('sim_min') and getvariable('sim_max')"
    if selection:
        return _selected(f"selections.{between}")
    # No selection says which score counts: that of the title in the style shown.
    return (
        "images.image_id in (select scores.image_id from scores where "
        f"scores.style = getvariable('style') and scores.caption = 'title' "
        f"and scores.{between})"
    )


def _in_box(over_antimeridian: bool) -> str:
    """Images that a box touches; an image may itself lie over the antimeridian."""
    west, south, east, north = (f"getvariable('box')[{n}]" for n in (1, 2, 3, 4))
    joined = "or" if over_antimeridian else "and"
    across = (
        "true"
        if over_antimeridian
        else f"images.west <= {east} or images.east >= {west}"
    )
    return (
        f"(images.south <= {north} and images.north >= {south} and "
        f"if(images.west <= images.east, "
        f"images.west <= {east} {joined} images.east >= {west}, {across}))"
    )
