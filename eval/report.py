"""The report of an evaluation: one HTML file that opens anywhere, Markdown and JSON."""

from __future__ import annotations

import json
from pathlib import Path

from eval import known
from eval.curve import HEIGHT, WIDTH
from eval.figures import LEVEL, REPLICATES
from eval.plain import Evaluation, as_json, as_markdown, percent, share, signed
from eval.thumbnails import confusion_cells, thumbnail
from skyloom import __version__
from skyloom.pages import page_templates, write_page

TEMPLATES = Path(__file__).parent / "templates"
FILES = ("report.html", "results.md", "results.json")


def write_reports(folder: Path, done: Evaluation) -> list[Path]:
    """Write the three files, each whole or not at all, and return their paths.

    Raises:
        SkyloomError: one could not be written.
    """
    html, markdown, data = (folder / name for name in FILES)
    return [
        write_page(html, render(done)),
        write_page(markdown, as_markdown(done)),
        write_page(data, json.dumps(as_json(done), indent=1) + "\n"),
    ]


def render(done: Evaluation) -> str:
    """The page; its images are in it."""
    environment = page_templates(TEMPLATES)
    environment.filters.update(pct=percent, signed=signed, share=share)
    environment.globals.update(thumbnail=thumbnail, cells=confusion_cells)
    return environment.get_template("report.html.j2").render(
        version=__version__,
        done=done,
        level=round(100 * LEVEL),
        replicates=REPLICATES,
        width=WIDTH,
        height=HEIGHT,
        titles={one.name: one.title for one in known.benchmarks()},
    )
