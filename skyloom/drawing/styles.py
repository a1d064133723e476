"""How tags are painted: the rows of the seed table `drawn_styles`.

- The FIRST row that fits a tag set and geometry kind wins. `key` and `value` may join
  several conditions with `&`; the value `*` fits any but `no`.
- `fill` and `edge` are colours. Several, parted by blanks, are a choice made by a hash
  of the object's tags; `@key` takes a colour from that tag, where it is one.
- `texture` is a surface, or surface+marking.
- Larger `z_order` is painted later; what has a height must have 50 or more, for all
  shadows fall on the picture as it is at 50.
"""

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import ImageColor

from skyloom.drawing.catalog import MARKS, SURFACES
from skyloom.errors import SkyloomError


@dataclass(frozen=True, slots=True)
class Style:
    """How one kind of object is painted; a row of the seed `drawn_styles`."""

    style_id: str
    key: str
    value: str
    geometry: str
    z_order: float
    fill: str
    edge: str
    width_m: float
    height_m: float
    texture: str
    note: str = ""


def load_styles(path: Path) -> tuple[Style, ...]:
    """Read the seed table in its own order.

    Raises:
        SkyloomError: A row has a bad number or names an unknown texture.
    """
    styles = []
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            try:
                numbers = {
                    name: float(row[name] or 0)
                    for name in ("z_order", "width_m", "height_m")
                }
            except (ValueError, KeyError) as error:
                raise SkyloomError(
                    f"a drawn style has a bad number ({error})", where=f"{path}:{line}"
                ) from error
            surface, _, marking = row["texture"].partition("+")
            if surface not in SURFACES or (marking and marking not in MARKS):
                raise SkyloomError(
                    f"unknown texture {row['texture']!r}",
                    where=f"{path}:{line}",
                    remedy=f"use one of {', '.join(sorted(SURFACES))}",
                )
            styles.append(Style(**{**row, **numbers}))  # type: ignore[arg-type]
    return tuple(styles)


def style_of(
    tags: Mapping[str, str], geometry_kind: str, styles: Sequence[Style]
) -> Style | None:
    """First style that fits, its colours settled; None for what leaves no trace."""
    for style in styles:
        if style.geometry == geometry_kind and _fits(style, tags):
            return replace(
                style, fill=_colour(style.fill, tags), edge=_colour(style.edge, tags)
            )
    return None


def _fits(style: Style, tags: Mapping[str, str]) -> bool:
    pairs = zip(style.key.split("&"), style.value.split("&"), strict=True)
    return all(
        tags.get(key, "no") != "no" if value == "*" else tags.get(key) == value
        for key, value in pairs
    )


def _colour(choices: str, tags: Mapping[str, str]) -> str:
    options = choices.split()
    if options and options[0].startswith("@"):
        named = tags.get(options.pop(0)[1:])
        if named:
            try:
                red, green, blue = ImageColor.getrgb(named)[:3]
            except ValueError:
                pass
            else:  # real paint is duller than a named colour
                grey = (red + green + blue) / 3
                dull = (int(0.34 * c + 0.42 * grey + 26) for c in (red, green, blue))
                return "#{:02x}{:02x}{:02x}".format(*dull)
    text = repr(sorted(tags.items())).encode()
    pick = int.from_bytes(hashlib.md5(text).digest()[:4])
    return options[pick % len(options)] if options else ""
