"""Pairs to train on, from the lake, a SkyScript CSV or tars, in one form."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from skyloom.catalog import Catalog
from skyloom.errors import UsageError
from skyloom.lake import Lake
from train.config import TrainConfig
from train.csv_pairs import read_csv
from train.tar_pairs import read_tars

if TYPE_CHECKING:
    import polars as pl

TABLE = "training_pairs"
CAPTIONS = ("title", "title_multi_objects", "polished")


@dataclass(frozen=True)
class Pairs:
    """Images and their captions: one place in each tuple is one pair.

    An image is `length` bytes of `files[i]` from `offsets[i]` on; a length of 0 is the
    whole file. `captions` has a tuple for each column, "" where a pair has none.
    `labels` are titles cut after the focus's first tag, where the lake knows it.
    """

    origin: str
    files: tuple[str, ...]
    captions: Mapping[str, tuple[str, ...]]
    keys: tuple[str, ...]
    offsets: tuple[int, ...] = ()
    lengths: tuple[int, ...] = ()
    shards: int = 0
    labels: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.files)

    def digest(self) -> str:
        """sha256 over which images have which captions, in order; not over pixels."""
        found = hashlib.sha256()
        columns = [self.captions[name] for name in sorted(self.captions)]
        for row in zip(self.keys, *columns, strict=True):
            found.update("\0".join(row).encode() + b"\1")
        return found.hexdigest()


def read_pairs(config: TrainConfig, lake: Path) -> tuple[Pairs, Pairs | None]:
    """The pairs to train on, and those to validate with, if there are any.

    Raises:
        UsageError: what the configuration names is not there, or of another form.
    """
    if config.dataset_type == "lake" or not config.train_data:
        catalog = Catalog.open(Lake.open(lake))
        train = _of_lake(catalog, lake, config, "train")
        if config.val_data:
            return train, _of_files(config, config.val_data)
        val = _of_lake(catalog, lake, config, "val")
        return train, val if len(val) else None
    train = _of_files(config, config.train_data)
    return train, _of_files(config, config.val_data) if config.val_data else None


def _of_files(config: TrainConfig, data: str) -> Pairs:
    columns = list(config.captions)
    kind = config.dataset_type
    if kind == "csv" or (kind == "auto" and data.lower().endswith((".csv", ".tsv"))):
        rows = read_csv(
            Path(data),
            columns,
            image=config.csv_img_key,
            separator=config.csv_separator,
            root=Path(config.root_data_dir) if config.root_data_dir else None,
        )
        return Pairs(data, rows.files, rows.captions, rows.keys)
    tars = read_tars(data, columns)
    return Pairs(
        data,
        tars.files,
        tars.captions,
        tars.keys,
        tars.offsets,
        tars.lengths,
        tars.shards,
    )


def _of_lake(catalog: Catalog, lake: Path, config: TrainConfig, split: str) -> Pairs:
    import polars as pl

    table = pl.scan_parquet(catalog.path(TABLE))
    columns = _text_columns(config, table.collect_schema().names())
    rows = (
        table.filter(
            (pl.col("selection") == config.selection)
            & (pl.col("style") == config.style)
            & (pl.col("split") == split)
        )
        .join(_first_tags(catalog), on="scene_id", how="left")
        .select("image_id", "filepath", "phrase", *columns)
        .sort("image_id")
        .collect()
    )
    if split == "train" and not len(rows):
        raise UsageError(
            f"the lake has no pairs of the selection {config.selection!r} in the style "
            f"{config.style!r} to train on",
            where=str(lake),
            remedy="look at `select selection, style, split, count(*) from "
            "training_pairs group by all`",
        )
    root = lake.expanduser().absolute()
    return Pairs(
        f"{split} of {root}",
        tuple(str(root / path) for path in rows["filepath"]),
        {name: tuple(rows[name].fill_null("")) for name in columns},
        tuple(rows["image_id"]),
        labels=tuple(
            title[: title.find(phrase) + len(phrase)] if phrase else title
            for title, phrase in zip(
                rows["title"], rows["phrase"].fill_null(""), strict=True
            )
        ),
    )


def _first_tags(catalog: Catalog) -> pl.LazyFrame:
    """scene_id, and the phrase of the tag that its title says first."""
    import polars as pl

    return (
        pl.scan_parquet(catalog.path("scene_tags"))
        .filter((pl.col("role") == "focus") & (pl.col("object_rank") == 1))
        .sort("scene_id", "tag_rank", "phrase")
        .unique("scene_id", keep="first", maintain_order=True)
        .select("scene_id", "phrase")
    )


def _text_columns(config: TrainConfig, known: Sequence[str]) -> list[str]:
    texts = [name for name in CAPTIONS if name in known]
    for name in config.captions:
        if name not in texts:
            raise UsageError(
                f"training_pairs has no captions {name!r}",
                remedy=f"it has {', '.join(texts)}",
            )
    return sorted({"title", *config.captions})
