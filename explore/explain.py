"""Why a scene's captions say what they say, and what kept everything else out."""

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from explore.explained import Caption, LeftOut, Scene, Spoken, UnsaidTag
from explore.figures import Row, Tables, literal, rows, sql
from skyloom.errors import SkyloomError, UsageError

STEPS = ("explain_tags", "explain_texts")
NEEDS = ("attribute_keys", "build_settings", "caption_styles")


@dataclass(frozen=True)
class Target:
    """A scene that an id stands for."""

    scene_id: str


@dataclass(frozen=True)
class Guess:
    """What else an id may stand for: kind is scene, reject or alike."""

    kind: str
    name: str
    detail: str


@dataclass(frozen=True)
class Told:
    """One style's captions with their trace and what they leave out."""

    caption: Caption
    words: tuple[Spoken, ...]
    objects: tuple[LeftOut, ...]
    tags: tuple[UnsaidTag, ...]

    def trace(self) -> tuple[Spoken, ...]:
        """The words of the caption that says most."""
        most = "title_multi_objects" if self.caption.title_multi_objects else "title"
        return tuple(word for word in self.words if word.caption == most)


@dataclass(frozen=True)
class Explanation:
    """A scene, told in each of its styles."""

    scene: Scene
    styles: tuple[Told, ...]

    def summary(self) -> dict[str, Any]:
        """What machines read: plain values, ready for JSON."""
        return {
            "scene": asdict(self.scene),
            "styles": [
                asdict(told.caption)
                | {
                    "words": [
                        asdict(one) | {"osm": self.scene.link(one.object_id)}
                        for one in told.words
                    ],
                    "objects_left_out": [
                        asdict(one) | {"osm": self.scene.link(one.object_id)}
                        for one in told.objects
                    ],
                    "focus_tags_left_out": [asdict(one) for one in told.tags],
                }
                for told in self.styles
            ],
        }


def explain(catalog: Tables, name: str, *, style: str | None = None) -> Explanation:
    """Explain the captions of an image or a scene.

    Raises:
        UsageError: the id is no image's and no scene's, or the scene has no such style.
        SkyloomError: the catalog was published without the tables of settings.
    """
    with catalog.connect() as con:
        return explanation(con, name, style=style)


def explanation(
    con: duckdb.DuckDBPyConnection, name: str, *, style: str | None = None
) -> Explanation:
    """The same of a catalog that is open; see `explain`."""
    con.execute(f"set variable id = {literal(name.strip())}")
    con.execute(f"set variable style = {literal(style)}")
    _check_tables(con)
    targets = rows(con, "explain_target", Target)
    if not targets:
        raise _unknown(con, name)
    con.execute(f"set variable scenes = {literal([targets[0].scene_id])}")
    (scene,) = rows(con, "explain_scene", Scene)
    captions = rows(con, "explain_captions", Caption)
    if not captions:
        raise UsageError(
            f"{scene.scene_id} has no caption in style {style!r}"
            if style
            else f"{scene.scene_id} has no caption"
        )
    placed = _is_placed(con, scene.object_id)
    for side in ("west", "south", "east", "north"):
        value = getattr(scene, side) if placed else None
        con.execute(f"set variable {side} = {literal(value)}")
    prepare_reasons(con)
    words = _by_style(rows(con, "explain_words", Spoken))
    objects = _by_style(rows(con, "explain_objects", LeftOut))
    tags = _by_style(rows(con, "explain_focus_tags", UnsaidTag))
    return Explanation(
        scene,
        tuple(
            Told(
                caption,
                tuple(words[caption.style]),
                tuple(objects[caption.style]),
                tuple(tags[caption.style]),
            )
            for caption in captions
        ),
    )


def prepare_reasons(con: duckdb.DuckDBPyConnection) -> None:
    """Make what the reasons are read from, for the variable `scenes` in its box."""
    con.execute(sql("in_box"))
    for step in STEPS:
        con.execute(f"create temp table {step} as {sql(step)}")


def _is_placed(con: duckdb.DuckDBPyConnection, object_id: str) -> bool:
    # Imported objects have no place to be found by.
    found = con.execute(
        f"select count(bbox) from objects where object_id = {literal(object_id)}"
    ).fetchone()
    return bool(found and found[0])


def _check_tables(con: duckdb.DuckDBPyConnection) -> None:
    held = {name for (name,) in con.execute("show tables").fetchall()}
    if lacking := [table for table in NEEDS if table not in held]:
        raise SkyloomError(
            f"the catalog was published without {' and '.join(lacking)}",
            remedy="run `skyloom build`",
        )


def _unknown(con: duckdb.DuckDBPyConnection, name: str) -> UsageError:
    what = f"there is no image and no scene {name!r}"
    guesses = rows(con, "explain_near", Guess)
    if not guesses:
        return UsageError(what, remedy="run `skyloom build`")
    kind = guesses[0].kind
    same = [guess for guess in guesses if guess.kind == kind]
    if kind == "reject":
        return UsageError(f"{same[0].name} has no scene: {same[0].detail}")
    return UsageError(what, remedy=f"did you mean {same[0].name!r}?")


def _by_style(found: tuple[Row, ...]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for one in found:
        grouped[getattr(one, "style", "")].append(one)
    return grouped
