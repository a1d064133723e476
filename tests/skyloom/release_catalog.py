"""A small published catalog with chips, made for the tests of releases."""

import hashlib
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from skyloom import duck
from skyloom.geoparquet import write_parquet
from skyloom.lake import Lake

TABLES = {
    "images": "image_id varchar, scene_id varchar, object_id varchar, box_id varchar, "
    "source varchar, filepath varchar, sha256 varchar, n_bytes bigint, west double, "
    "south double, east double, north double, crs varchar, transform double[], "
    "width_px int, height_px int, gsd_x_m double, gsd_y_m double, acquired timestamp, "
    "acquired_precision varchar, osm_snapshot varchar, source_image_ids varchar[], "
    "recipe varchar, license varchar, attribution varchar, drawn bool",
    "captions": "scene_id varchar, source varchar, style varchar, title varchar, "
    "title_multi_objects varchar, n_surroundings int",
    "scenes": "scene_id varchar, object_id varchar, source varchar, box_id varchar, "
    "west double, south double, east double, north double, width_px int, "
    "height_px int, gsd_m double, country varchar, split varchar, "
    "osm_snapshot varchar, bbox varchar, geometry varchar",
    "scene_tags": "scene_id varchar, role varchar, object_id varchar, "
    "object_rank int, key varchar, value varchar, tag_rank int",
    "polished_captions": "scene_id varchar, style varchar, polished varchar, "
    "caption_source varchar",
    "sources": "source varchar, name varchar, redistributable bool, "
    "view_prefix varchar",
    "selections": "selection varchar, image_id varchar, similarity double, kept bool",
    "training_pairs": "selection varchar, style varchar, image_id varchar, "
    "split varchar",
}
ORDER = {"scene_tags": "scene_id, object_rank, tag_rank"}


@dataclass
class ReleaseCatalog:
    """Rows of a catalog in a lake; `publish` makes them its current run."""

    lake: Lake
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    runs: int = 0

    def add(self, table: str, **row: Any) -> None:
        self.rows.setdefault(table, []).append(row)

    def source(self, code: str, *, shared: bool | None = None, view: str = "aerial"):
        prefix = f"An {view} image. It shows: "
        self.add(
            "sources",
            source=code,
            name=f"Source {code}",
            redistributable=shared,
            view_prefix=prefix,
        )

    def pair(
        self,
        scene: str,
        *,
        source: str = "US",
        split: str = "train",
        title: str = "a satellite image of building",
        multi: str | None = None,
        polished: str | None = None,
        colour: int = 0,
        **of_image: Any,
    ) -> None:
        """A scene with its image, captions and tags; the colour makes another chip."""
        scene_id = f"{scene}_{source}"
        path = f"images/{source}/{hashlib.md5(scene_id.encode()).hexdigest()}.jpg"
        data = jpeg(colour)
        (self.lake.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.lake.root / path).write_bytes(data)
        number = len(self.rows.get("images", []))
        left, top = 500_000 + 100.0 * number, 5_000_000.0
        self.add(
            "images",
            **{
                "image_id": f"{scene_id}_20",
                "scene_id": scene_id,
                "source": source,
                "filepath": path,
                "sha256": hashlib.sha256(data).hexdigest(),
                "n_bytes": len(data),
                **{"west": 9.0, "south": 45.1, "east": 9.001, "north": 45.101},
                "crs": "EPSG:32632",
                "transform": [0.5, 0.0, left, 0.0, -0.5, top],
                **{"width_px": 32, "height_px": 24, "gsd_x_m": 0.5, "gsd_y_m": 0.5},
                "acquired": "2020-06-01 10:30:00",
                "acquired_precision": "minute",
                "osm_snapshot": "here@2024-01-01",
                "source_image_ids": ["scan"],
                "recipe": "rgb8",
                "license": "CC-BY-4.0",
                "attribution": "The Survey",
                "drawn": False,
                **of_image,
            },
        )
        self.add(
            "captions",
            scene_id=scene_id,
            source=source,
            style="skyscript",
            title=title,
            title_multi_objects=multi or f"{title}, surrounded by road of residential",
            n_surroundings=1,
        )
        self.add("scenes", scene_id=scene_id, source=source, split=split, country="IT")
        tags = [("focus", "a1", 1, "building", "yes")]
        tags += [("surrounding", f"w{n}", n, "highway", "service") for n in (2, 3)]
        for role, object_id, rank, key, value in tags:
            self.add(
                "scene_tags",
                scene_id=scene_id,
                role=role,
                object_id=object_id,
                object_rank=rank,
                key=key,
                value=value,
                tag_rank=1,
            )
        if polished:
            self.add(
                "polished_captions",
                scene_id=scene_id,
                style="skyscript",
                polished=polished,
                caption_source="polished",
            )

    def publish(self) -> Lake:
        """Make the rows the current run."""
        self.runs += 1
        files = self.lake.catalog / "files"
        files.mkdir(parents=True, exist_ok=True)
        with duck.connect() as con:
            for table, columns in TABLES.items():
                con.execute(f"create table {table} ({columns})")
                rows = self.lake.root / f"{table}.jsonl"
                lines = [json.dumps(row) for row in self.rows.get(table, [])]
                if lines:
                    rows.write_text("\n".join(lines))
                    con.execute(
                        f"insert into {table} by name select * from "
                        f"read_json({duck.quoted(rows)}, format = 'nd', "
                        f"columns = {_kinds(columns, self.rows[table][0])})"
                    )
                    rows.unlink()
                write_parquet(
                    con,
                    f"from {table}",
                    files / f"{table}-{self.runs}.parquet",
                    order_by=ORDER.get(table, "all"),
                )
        point_at(self.lake, f"r{self.runs}", {t: f"{t}-{self.runs}" for t in TABLES})
        return self.lake


def point_at(lake: Lake, run_id: str, files: dict[str, str]) -> None:
    """Make Parquet files of the catalog its current run."""
    tables = [{"name": t, "file": f"{name}.parquet"} for t, name in files.items()]
    (lake.catalog / "runs").mkdir(exist_ok=True)
    run = lake.catalog / "runs" / f"{run_id}.json"
    run.write_text(json.dumps({"tables": tables}))
    (lake.catalog / "current.json").write_text(json.dumps({"run_id": run_id}))


def jpeg(colour: int) -> bytes:
    """A small image; another colour, other bytes."""
    file = io.BytesIO()
    Image.new("RGB", (32, 24), (colour % 256, colour // 256, 90)).save(file, "JPEG")
    return file.getvalue()


def small_catalog(folder: Path) -> ReleaseCatalog:
    """Seven pairs of two sources in all splits, one of them with hostile texts."""
    catalog = ReleaseCatalog(Lake.open(folder, create=True))
    catalog.source("US", shared=True)
    catalog.source("CH")
    for number in range(4):
        catalog.pair(f"a{number}", colour=number, polished=f"Building {number}.")
    catalog.pair("n5", source="CH", split="val", colour=5)
    catalog.pair("w6", split="test", colour=6, acquired=None, acquired_precision=None)
    catalog.pair("w7", split="gap", colour=7)
    return catalog


def _kinds(columns: str, row: dict[str, Any]) -> str:
    kinds = dict(column.split(" ", 1) for column in columns.split(", "))
    return json.dumps({name: kinds[name] for name in row}).replace('"', "'")
