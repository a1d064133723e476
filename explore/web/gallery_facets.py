"""What a run offers to filter by, found once for each run and kept."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from explore.figures import rows, sql
from explore.web.gallery_asked import Asked, known
from explore.web.site import Views


@dataclass(frozen=True)
class Choice:
    """One value to filter by; `n` images, scenes or objects have it."""

    facet: str
    name: str
    n: int


@dataclass(frozen=True)
class Sizes:
    """How much a run holds; `style` is shown where none is asked for."""

    n_images: int
    n_scores: int
    n_embedded: int
    style: str | None


@dataclass(frozen=True)
class Landmark:
    """Where a window of image ids may end."""

    landmark: str


@dataclass(frozen=True)
class Facets:
    """Choices by facet and name; `landmarks` part the image ids, in order."""

    sizes: Sizes
    choices: Mapping[str, Mapping[str, Choice]]
    landmarks: tuple[str, ...]

    def of(self, facet: str) -> Mapping[str, Choice]:
        """The choices of one facet, the most frequent first."""
        return self.choices.get(facet, {})

    def style(self, asked: Asked) -> str | None:
        """The caption style to show."""
        return asked.style or self.sizes.style

    def selection(self, asked: Asked) -> str | None:
        """The selection that `kept` is about: where none is asked for, the first."""
        if asked.selection or asked.kept is None:
            return asked.selection
        return min(self.of("selection"), default=None)

    def check(self, asked: Asked) -> None:
        """Refuse what the run does not have.

        Raises:
            UsageError: an unknown source, country, split, style or selection.
        """
        for name in ("source", "country", "split", "style", "selection"):
            known(name, getattr(asked, name), self.of(name))


def facets_of(views: Views) -> Facets:
    """The facets of a run; who asks first waits for them, and so do others then."""
    with _finding:
        return views.held("gallery").get("facets", lambda: _facets(views))


_finding = threading.Lock()


def _facets(views: Views) -> Facets:
    with views.database.cursor() as con:
        # 50 MB for a million scenes.
        con.execute("create schema if not exists gallery")
        con.execute(
            f"create or replace table gallery.scenes as {sql('web_gallery_places')}"
        )
        (sizes,) = rows(con, "web_gallery_sizes", Sizes)
        choices: dict[str, dict[str, Choice]] = {}
        for choice in rows(con, "web_gallery_facets", Choice):
            choices.setdefault(choice.facet, {})[choice.name] = choice
        landmarks = rows(con, "web_gallery_landmarks", Landmark)
    return Facets(sizes, choices, tuple(one.landmark for one in landmarks))
