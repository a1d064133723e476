"""SkyScript's own layout: images2 to images7, CSV files by its names, metadata."""

import csv
import pickle
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from skyloom.release.folder import once
from skyloom.release.names import FOLDERS, csv_text, file_stem, image_path
from skyloom.release.pairs import SPLITS, Pairs, Row
from skyloom.release.records import as_json, record

PICKLED = ("time", "center_tags", "surrounding_tags")
# The names that programs for SkyScript look for, whatever chose the pairs here.
PUBLISHED = {
    "train": "SkyScript_train_top30pct_filtered_by_CLIP_openai",
    "val": "SkyScript_val_5K_filtered_by_CLIP_openai",
    "test": "SkyScript_test_30K_filtered_by_CLIP_openai",
}
POLISHED = "_language_polished"


def write_images(pairs: Pairs, folder: Path, step: Callable[[int], None]) -> None:
    """The chips as files, byte for byte those of the lake."""
    for name in FOLDERS:
        (folder / name).mkdir(exist_ok=True)
    for row in pairs.rows():
        once(folder / image_path(row["image_id"]), partial(_write_image, pairs, row))
        step(1)


def _write_image(pairs: Pairs, row: Row, part: Path) -> None:
    part.write_bytes(pairs.image(row))


def write_skyscript(pairs: Pairs, folder: Path, *, pickles: bool) -> None:
    """CSV files of all pairs and of each split, and the metadata."""
    scored = any(pairs.ask("select 1 from pairs where similarity is not null limit 1"))
    polished = any(pairs.ask("select 1 from pairs where polished is not null limit 1"))
    columns = ["filepath", "title", "title_multi_objects"]
    columns += ["similarity_CLIP_openai"] if scored else []
    for split in (None, *SPLITS):
        _write_csv(pairs, folder, split, "", columns, _caption)
        if polished:
            names = ["filepath", "title_raw", "title"]
            _write_csv(pairs, folder, split, POLISHED, names, _polished)
    once(folder / "metadata.jsonl", partial(_write_records, pairs))
    if pickles:
        _write_pickles(pairs, folder)


def _write_csv(
    pairs: Pairs,
    folder: Path,
    split: str | None,
    kind: str,
    columns: Sequence[str],
    cells: Callable[[Row], dict[str, object] | None],
) -> None:
    """One file, and its copy by the published name if it is of one split."""

    def write(part: Path) -> None:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(
                file, columns, extrasaction="ignore", lineterminator="\n"
            )
            writer.writeheader()
            rows: Iterator[Row] = iter(())
            if split is None or split in pairs.splits:
                rows = pairs.rows(split)
            writer.writerows(filter(None, map(cells, rows)))

    path = folder / f"pairs{f'_{split}' if split else ''}{kind}.csv"
    once(path, write)
    if split:
        copy = partial(shutil.copyfile, path)
        once(folder / f"{PUBLISHED[split]}{kind}.csv", copy)


def _caption(row: Row) -> dict[str, object]:
    return {
        "filepath": image_path(row["image_id"]),
        "title": csv_text(row["title"]),
        "title_multi_objects": csv_text(row["title_multi_objects"]),
        "similarity_CLIP_openai": row["similarity"],
    }


def _polished(row: Row) -> dict[str, object] | None:
    """As the language-polished files have it; None of a pair without such words."""
    if row["polished"] is None:
        return None
    return {
        "filepath": image_path(row["image_id"]),
        "title_raw": csv_text(row["polished"]),
        "title": csv_text(f"{row['view_prefix'] or ''}{row['polished']}"),
    }


def _write_records(pairs: Pairs, part: Path) -> None:
    with part.open("w", encoding="utf-8") as file:
        for row in pairs.rows(tags=True):
            file.write(f"{as_json(record(row, has_file=True))}\n")


def _write_pickles(pairs: Pairs, folder: Path) -> None:
    for row in pairs.rows(tags=True):
        one = record(row, has_file=True)
        # The published metadata calls it `bbox`, whatever their README says.
        meta = {"bbox": one["box"]} | {key: one[key] for key in PICKLED}
        path = folder / "meta" / f"{file_stem(row['image_id'])}.pickle"
        once(path, partial(_write_pickle, meta))


def _write_pickle(meta: dict[str, object], part: Path) -> None:
    part.write_bytes(pickle.dumps(meta))
