"""Releases: the catalog written in the forms that other programs read."""

import json
import pickle
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from skyloom.catalog import Catalog
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake
from skyloom.progress import track

FORMATS = ("skyscript",)
MARKER = "export.json"
PICKLED = ("time", "center_tags", "surrounding_tags")
SPLITS = ("train", "val", "test")

# One row for each image with its caption in one style. Tags are those that may be said
# in the scene; equal surroundings stand once, as in the published metadata.
PAIRS = """
with tagged as (
    select
        scene_id,
        role,
        object_id,
        min(object_rank) as object_rank,
        map_from_entries(list({'k': key, 'v': value} order by tag_rank)) as tags
    from scene_tags
    group by scene_id, role, object_id
),

surroundings as (
    select scene_id, tags, min(object_rank) as object_rank
    from tagged
    where role = 'surrounding'
    group by scene_id, tags
),

listed as (
    select scene_id, list(tags order by object_rank) as surrounding_tags
    from surroundings
    group by scene_id
),

styled as (
    select * from captions where style = $style
)

select
    images.*,
    styled.* exclude (scene_id, source),
    scenes.* exclude (
        scene_id, object_id, source, box_id, west, south, east, north, width_px,
        height_px, osm_snapshot, bbox, geometry
    ),
    focus.tags as center_tags,
    coalesce(listed.surrounding_tags, []) as surrounding_tags
from images
inner join styled on images.scene_id = styled.scene_id
inner join scenes on images.scene_id = scenes.scene_id
inner join tagged as focus on images.scene_id = focus.scene_id and focus.role = 'focus'
left join listed on images.scene_id = listed.scene_id
"""


@dataclass(frozen=True)
class Exported:
    """Where a release lies and how many pairs it holds."""

    folder: Path
    csv: Path
    n_pairs: int


def export_skyscript(
    lake: Lake,
    out: Path,
    *,
    where: str = "",
    style: str = "skyscript",
    private: bool = False,
    pickles: bool = False,
) -> Exported:
    """Write images, CSV and metadata as SkyScript publishes them.

    `where` is SQL over the columns of images, captions and scenes. Images are named
    `{a|w|n|r}{osm_id}_{source}_{yy}.jpg`. A release names the licence and the
    attribution of each image; `private` writes one for your own use without them.

    Raises:
        SkyloomError: an image lacks its terms, or nothing matches.
        UsageError: `where` is not SQL, or `out` holds something else.
    """
    out = out.expanduser().resolve()
    if out == lake.root or lake.root in out.parents:
        raise UsageError(
            "an export does not belong in the lake",
            where=str(out),
            remedy="name a folder outside of it with --out",
        )
    if out.exists() and (
        not out.is_dir() or (any(out.iterdir()) and not (out / MARKER).is_file())
    ):
        raise UsageError(
            "the folder holds something that is not an export",
            where=str(out),
            remedy="name a new or empty folder with --out",
        )
    rows = _pairs(Catalog.open(lake), style, where)
    if not private:
        _require_terms(rows)
    part = out.absolute().with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        (part / "images").mkdir(parents=True)
        _write(lake, rows, part, pickles=pickles, private=private)
        shutil.rmtree(out, ignore_errors=True)
        part.replace(out)
    except OSError as error:
        raise SkyloomError(f"could not be written ({error})", where=str(out)) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Exported(out, out / "pairs.csv", len(rows))


def _pairs(catalog: Catalog, style: str, where: str) -> list[dict[str, Any]]:
    # The user's words stand on lines of their own, so that a comment in them cannot
    # swallow the order.
    condition = f"({where}\n)" if where else "true"
    result = catalog.query(
        f"select * from ({PAIRS}) where {condition}\norder by image_id",
        {"style": style},
    )
    names = [column[0] for column in result.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    if not rows:
        raise SkyloomError(
            "no pair to export",
            where=str(catalog.folder),
            remedy="run `skyloom fetch` and `skyloom build`, or widen --where",
        )
    return rows


def _require_terms(rows: Sequence[dict[str, Any]]) -> None:
    for term in ("license", "attribution"):
        lacking = sorted({row["source"] for row in rows if not row[term]})
        if lacking:
            raise SkyloomError(
                f"a release needs the {term} of its images, and source "
                f"{', '.join(lacking)} has none",
                remedy=f"say it with `skyloom run --imagery FILE --source-code "
                f"{lacking[0]} --{term} TEXT`, or export with --private",
            )


def _write(
    lake: Lake,
    rows: Sequence[dict[str, Any]],
    folder: Path,
    *,
    pickles: bool,
    private: bool,
) -> None:
    records = []
    with track("export", len(rows)) as step:
        for row in rows:
            name = f"{row['image_id']}.jpg"
            chip = lake.root / row["filepath"]
            if not chip.is_file():
                raise SkyloomError(
                    "a chip is missing", where=str(chip), remedy="run `skyloom fetch`"
                )
            shutil.copyfile(chip, folder / "images" / name)
            records.append(_record(row, f"images/{name}"))
            step(1)
    for name, chosen in _by_split(rows):
        table = pl.DataFrame(
            [
                {
                    "filepath": f"images/{row['image_id']}.jpg",
                    "title": row["title"],
                    "title_multi_objects": row["title_multi_objects"],
                }
                for row in chosen
            ],
            schema={"filepath": str, "title": str, "title_multi_objects": str},
        )
        table.write_csv(folder / name)
    with (folder / "metadata.jsonl").open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    _metadata_frame(records).write_parquet(folder / "metadata.parquet")
    if pickles:
        (folder / "meta").mkdir()
        for row, record in zip(rows, records, strict=True):
            path = folder / "meta" / f"{row['image_id']}.pickle"
            # The published metadata calls it `bbox`, whatever their README says.
            meta = {"bbox": record["box"]} | {key: record[key] for key in PICKLED}
            path.write_bytes(pickle.dumps(meta))
    (folder / "ATTRIBUTION.md").write_text(_attribution(rows, private=private))
    about = {"format": "skyscript", "n_pairs": len(rows), "private": private}
    (folder / MARKER).write_text(json.dumps(about))


def _by_split(
    rows: Sequence[dict[str, Any]],
) -> list[tuple[str, list[dict[str, Any]]]]:
    """All pairs, the gap between splits among them, then each split alone."""
    parts = [("pairs.csv", list(rows))]
    for split in SPLITS:
        parts.append((f"pairs_{split}.csv", [r for r in rows if r["split"] == split]))
    return parts


def _record(row: dict[str, Any], filepath: str) -> dict[str, Any]:
    return {
        "filepath": filepath,
        "box": [row["west"], row["south"], row["east"], row["north"]],
        "time": published_time(row["acquired"], row["acquired_precision"]),
        "center_tags": row["center_tags"],
        "surrounding_tags": row["surrounding_tags"],
        "split": row["split"],
        "source": row["source"],
        "gsd_m": [row["gsd_x_m"], row["gsd_y_m"]],
        "sha256": row["sha256"],
        "license": row["license"],
        "attribution": row["attribution"],
        "drawn": row["drawn"],
    }


def published_time(
    acquired: datetime | None, precision: str | None
) -> list[int] | int | None:
    """As SkyScript writes it: [year, month, day, hour, minute], a year, or null."""
    if acquired is None:
        return None
    if precision == "year":
        return acquired.year
    return [
        acquired.year,
        acquired.month,
        acquired.day,
        acquired.hour,
        acquired.minute,
    ]


def _metadata_frame(records: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Tags and time as JSON text: their keys differ from row to row."""
    as_json = ("time", "center_tags", "surrounding_tags")
    rows = [
        record | {key: json.dumps(record[key], ensure_ascii=False) for key in as_json}
        for record in records
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _attribution(rows: Sequence[dict[str, Any]], *, private: bool) -> str:
    lines = ["# Attribution", ""]
    if private:
        lines += ["**For private use: not for release.**", ""]
    lines += [
        "Tags and captions: (c) OpenStreetMap contributors, Open Database License 1.0,",
        "https://www.openstreetmap.org/copyright",
        "",
        "| source | images | licence | attribution | drawn |",
        "|---|---|---|---|---|",
    ]
    terms = [(r["source"], r["license"], r["attribution"], r["drawn"]) for r in rows]
    for term in sorted(set(terms), key=str):
        source, licence, attribution, drawn = term
        lines.append(
            f"| {source} | {terms.count(term)} | {_cell(licence)} "
            f"| {_cell(attribution)} | {'yes' if drawn else 'no'} |"
        )
    return "\n".join(lines) + "\n"


def _cell(text: str | None) -> str:
    return " ".join((text or "not stated").replace("|", "\\|").split())
