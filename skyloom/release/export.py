"""Writing a release: from the catalog and the chips to one finished folder."""

import json
from dataclasses import dataclass
from pathlib import Path

from skyloom.catalog import Catalog
from skyloom.errors import UsageError
from skyloom.lake import Lake
from skyloom.progress import track
from skyloom.release import folder as places
from skyloom.release.card import card
from skyloom.release.changes import changes
from skyloom.release.croissant import croissant
from skyloom.release.folder import MARKER, Draft, write_text
from skyloom.release.huggingface import write_huggingface
from skyloom.release.limits import limits
from skyloom.release.order import Order
from skyloom.release.pairs import Pairs, gathered
from skyloom.release.recipes import left_out, write_recipes
from skyloom.release.records import write_metadata
from skyloom.release.skyscript import write_images, write_skyscript
from skyloom.release.stac import write_stac
from skyloom.release.sums import SUMS, is_whole, sha256_of, sums_of
from skyloom.release.terms import attribution, licenses
from skyloom.release.webdataset import write_webdataset


@dataclass(frozen=True)
class Exported:
    """Where a release lies, how many pairs it holds, and what it had to leave out.

    `left_out` is a phrase for each source and reason.
    """

    folder: Path
    n_pairs: int
    left_out: tuple[str, ...] = ()
    unchanged: bool = False

    @property
    def csv(self) -> Path:
        """SkyScript's table of all pairs."""
        return self.folder / "pairs.csv"

    def __str__(self) -> str:
        done = ", as it was" if self.unchanged else ""
        text = f"{self.n_pairs} pairs in {self.folder}{done}"
        if self.left_out:
            text += f"; boxes and recipes alone for {', '.join(self.left_out)}"
        return text


def export_release(
    lake: Lake,
    out: Path,
    order: Order,
    *,
    since: Path | None = None,
    threads: int | None = None,
) -> Exported:
    """Write the forms of an order side by side, with terms, limits, changes and sums.

    The same catalog and order give the same bytes; an interrupted export goes on where
    it stopped; a release that is there already stays. `since` is the release that
    CHANGES.md compares with, by default the one in this place.

    Raises:
        SkyloomError: nothing matches, a chip is missing, or the disk is full.
        UsageError: the order or a folder is not as it has to be.
    """
    out = places.checked_place(lake, out)
    if since is not None and not places.marks(since):
        raise UsageError(
            "--since is no release", where=str(since), remedy="name one's folder"
        )
    catalog = Catalog.open(lake)
    before = sha256_of(since / SUMS) if since and (since / SUMS).is_file() else ""
    digest = order.digest(catalog.run_id, before)
    marks = places.marks(out)
    if marks.get("order") == digest and is_whole(out):
        places.tidy(out)
        phrases = tuple(marks.get("left_out", ()))
        return Exported(out, marks["n_pairs"], phrases, unchanged=True)
    with places.drafted(out, digest) as draft:
        with gathered(lake, catalog, order, draft.work, threads) as pairs:
            phrases = tuple(left_out(pairs))
            _write_forms(pairs, draft.folder, order)
            _write_about(pairs, draft, order, since or draft.earlier)
            about = {
                "formats": order.formats,
                "style": order.style,
                "where": order.where,
                "selection": order.selection,
                "private": order.private,
                "n_pairs": pairs.n_pairs,
                "left_out": phrases,
                "catalog_run": catalog.run_id,
                "order": digest,
            }
            text = json.dumps(about, indent=1, ensure_ascii=False)
            write_text(draft.folder / MARKER, f"{text}\n")
        for spare in draft.folder.rglob(".*.part"):
            spare.unlink()
        write_text(draft.folder / SUMS, sums_of(draft.folder))
    return Exported(out, pairs.n_pairs, phrases)


def _write_forms(pairs: Pairs, folder: Path, order: Order) -> None:
    forms = set(order.formats)
    tasks = len(forms & {"webdataset", "huggingface"}) + order.writes_images
    write_metadata(pairs, folder, has_files=order.writes_images)
    write_recipes(pairs, folder)
    with track("export", pairs.n_pairs * tasks) as step:
        if order.writes_images:
            write_images(pairs, folder, step)
        if "skyscript" in forms:
            write_skyscript(pairs, folder, pickles=order.pickles)
        if "webdataset" in forms:
            write_webdataset(pairs, folder, order.shard_rows, step)
        if "huggingface" in forms:
            write_huggingface(pairs, folder, order.shard_rows, step)
    if "stac" in forms:
        write_stac(pairs, folder)


def _write_about(pairs: Pairs, draft: Draft, order: Order, before: Path | None) -> None:
    folder = draft.folder
    write_text(folder / "ATTRIBUTION.md", attribution(pairs, private=order.private))
    write_text(folder / "LICENSES.md", licenses(pairs))
    write_text(folder / "LIMITS.md", limits(pairs))
    write_text(folder / "CHANGES.md", changes(pairs, folder, before))
    write_text(folder / "README.md", card(pairs, order))
    if "croissant" in order.formats:
        write_text(folder / "croissant.json", croissant(pairs, folder, order))
