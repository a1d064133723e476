"""The classifier's figures for people: a table on the terminal and one HTML page."""

from __future__ import annotations

from pathlib import Path

from captioning.tag_evaluation import Choices, Evaluation
from captioning.tag_figures import Figures
from captioning.tag_labels import GSD_CLASSES
from skyloom.answers import print_table
from skyloom.pages import page_templates, write_page

TEMPLATES = Path(__file__).parent / "templates"
COLUMNS = (
    *("model", "tags", "F1", "precision", "recall", "accuracy"),
    *("that show", "GSD right", "within one"),
)


def print_evaluation(seen: Evaluation, page: Path | None) -> None:
    """Print the figures, and where the page is."""
    print(
        f"{seen.backend}: {seen.n_labels:,} labels, {seen.n_yes:,} of them yes; "
        f"{seen.n_keys_held_out:,} of {seen.n_keys:,} keys held out; "
        f"{_fitted(seen.choices)}"
    )
    print(f"\non the {seen.held_out[0].n:,} tags of keys held out")
    print_table(COLUMNS, [_cells(one) for one in seen.held_out])
    print("\nby folds")
    print_table(COLUMNS, [_cells(one) for one in seen.folds])
    if page:
        print(f"\npage     {page}")


def write_evaluation(path: Path, seen: Evaluation) -> Path:
    """Write the page, whole or not at all, and return its absolute path.

    Raises:
        SkyloomError: the file could not be written.
    """
    text = (
        page_templates(TEMPLATES)
        .get_template("tags.html.j2")
        .render(
            seen=seen,
            columns=COLUMNS,
            held_out=[_cells(one) for one in seen.held_out],
            folds=[_cells(one) for one in seen.folds],
            fitted=_fitted(seen.choices),
            gsds=[f"{one:g} m" for one in GSD_CLASSES],
        )
    )
    return write_page(path, text)


def _cells(figures: Figures) -> tuple[str, ...]:
    shows = (figures.f1, figures.precision, figures.recall, figures.accuracy)
    gsd = (figures.gsd_accuracy, figures.gsd_within_one)
    return (
        figures.what,
        f"{figures.n:,}",
        *(f"{one:.2f}" for one in shows),
        f"{figures.n_gsd:,}",
        *(f"{one:.2f}" for one in gsd),
    )


def _fitted(choices: Choices) -> str:
    parts = [
        f"{stage}: C = {choice.strength:g}, classes "
        f"{'balanced' if choice.balanced else 'as they are'}"
        for stage, choice in (("shows", choices.shows), ("GSD", choices.coarsest))
    ]
    return "; ".join(parts)
