"""A stand-in for the published catalog: the tables that the report reads, in memory."""

import io
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from PIL import Image

from skyloom import duck

HOSTILE = "<script>alert(1)</script>{{ 7 * 7 }}{% raw %}' onload=\"x"
TABLES = {
    "objects": "object_id varchar, osm_type varchar, osm_id bigint, kind varchar, "
    "tags map(varchar, varchar), geometry geometry",
    "object_tags": "object_id varchar, key varchar, value varchar, groundable bool, "
    "rule_id varchar, tag_rank int",
    "tags": "key varchar, value varchar, n_objects bigint, groundable_share double, "
    "decided_by varchar, example_object_id varchar",
    "sources": "source varchar, name varchar, kind varchar, gsd_m double, west double, "
    "south double, east double, north double, license varchar, attribution varchar, "
    "drawn bool, redistributable bool",
    "scenes": "scene_id varchar, object_id varchar, source varchar, kind varchar, "
    "west double, south double, east double, north double, split varchar, "
    "width_px int, height_px int, gsd_m double, country varchar",
    "scene_rejects": "object_id varchar, source varchar, reason varchar, "
    "detail varchar",
    "scene_objects": "scene_id varchar, object_id varchar, role varchar, kind varchar, "
    "rank int",
    "captions": "scene_id varchar, source varchar, style varchar, title varchar, "
    "title_multi_objects varchar, n_tags int, n_surroundings int",
    "caption_words": "scene_id varchar, style varchar, caption varchar, position int, "
    "words varchar, role varchar, object_id varchar, key varchar, value varchar, "
    "rule_id varchar",
    "images": "image_id varchar, scene_id varchar, object_id varchar, source varchar, "
    "filepath varchar, sha256 varchar, osm_snapshot varchar, west double, "
    "south double, east double, north double, "
    "crs varchar, transform double[], width_px int, height_px int, gsd_x_m double, "
    "gsd_y_m double, acquired timestamp, acquired_precision varchar, license varchar, "
    "attribution varchar, drawn bool",
    "image_rejects": "request_id varchar, scene_id varchar, object_id varchar, "
    "source varchar, reason varchar, detail varchar",
    "training_pairs": "selection varchar, style varchar, image_id varchar, "
    "scene_id varchar, title varchar, title_multi_objects varchar, split varchar, "
    "source varchar",
    "selections": "selection varchar, image_id varchar, similarity double, kept bool, "
    "kept_by varchar, reason varchar, why_not varchar",
    "snapshots": "snapshot varchar, region varchar, snapshot_date date, "
    "file_name varchar, sha256 varchar, loader varchar, n_points bigint, "
    "n_lines bigint, n_areas bigint, n_relations bigint, n_rejects bigint, "
    "is_current bool",
    "rejects": "osm_type varchar, osm_id bigint, reason varchar, detail varchar, "
    "region varchar",
    "tag_rules": "rule_id varchar, key varchar, value varchar",
}


@dataclass
class StandIn:
    """A catalog made of rows; `add` appends one row to a table."""

    rows: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    run_id = "0123456789abcdef"

    def add(self, table: str, **row: object) -> None:
        """Append one row; columns not named are null."""
        self.rows.append((table, row))

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A fresh database in memory with all the tables."""
        con = duck.connect()
        for table, columns in TABLES.items():
            con.execute(f"create table {table} ({columns})")
        for table, row in self.rows:
            marks = ", ".join(
                "st_geomfromtext(?)" if name == "geometry" else "?" for name in row
            )
            con.execute(
                f"insert into {table} ({', '.join(row)}) values ({marks})",
                list(row.values()),
            )
        return con


def jpeg(path: Path, width: int, height: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (90, 110, 80)).save(buffer, "JPEG")
    path.write_bytes(buffer.getvalue())


def add_pair(
    catalog: StandIn,
    root: Path,
    object_id: str,
    *,
    value: str = "quarry",
    drawn: bool = False,
    kind: str = "area",
    osm_type: str = "way",
) -> str:
    """One object, its scene, caption, chip and pair, round 7.5 E 47 N."""
    scene, image = f"{object_id}_US", f"{object_id}_US_20"
    box = {"west": 7.5, "south": 47.0, "east": 7.501, "north": 47.001}
    title = f"a satellite image of landuse of {value}"
    multi = f"{title}, surrounded by building"
    osm = {"osm_type": osm_type, "osm_id": int(object_id[1:]), "kind": kind}
    ring = "7.5002 47.0002, 7.5008 47.0002, 7.5008 47.0008, 7.5002 47.0002"
    catalog.add("objects", object_id=object_id, **osm, geometry=f"POLYGON(({ring}))")
    tag = {"key": "landuse", "value": value}
    rule = {"rule_id": "landuse_quarry"}
    catalog.add("object_tags", object_id=object_id, **tag, **rule, tag_rank=1)
    ids = {"scene_id": scene, "object_id": object_id, "source": "US"}
    catalog.add("scenes", **ids, kind=kind, **box, split="train")
    catalog.add(
        "scene_objects", scene_id=scene, object_id=object_id, role="focus", rank=0
    )
    captions = {"title": title, "title_multi_objects": multi}
    caption = {"scene_id": scene, "style": "skyscript"}
    catalog.add("captions", **caption, source="US", **captions, n_surroundings=1)
    for column in captions:
        words = {**caption, "caption": column}
        catalog.add(
            "caption_words",
            **words,
            position=1,
            words="a satellite image of ",
            role="grammar",
        )
        about = {"object_id": object_id, **tag, **rule}
        catalog.add(
            "caption_words",
            **words,
            position=2,
            words=f"landuse of {value}",
            role="focus",
            **about,
        )
    catalog.add(
        "caption_words",
        **words,
        position=3,
        words=", surrounded by ",
        role="grammar",
    )
    catalog.add(
        "caption_words",
        **words,
        position=4,
        words="building",
        role="surrounding",
        object_id="w99",
        key="building",
        value="yes",
        rule_id="building_any",
    )
    file = f"images/US/{image}.jpg"
    catalog.add(
        "images",
        image_id=image,
        **ids,
        filepath=file,
        **box,
        crs="EPSG:4326",
        transform=[0.00001, 0, 7.5, 0, -0.00001, 47.001],
        width_px=100,
        height_px=100,
        gsd_x_m=0.6,
        gsd_y_m=0.6,
        acquired="2020-04-24 10:32:00",
        acquired_precision="day",
        drawn=drawn,
    )
    jpeg(root / file, 100, 100)
    catalog.add(
        "training_pairs",
        selection="all",
        style="skyscript",
        image_id=image,
        scene_id=scene,
        **captions,
        split="train",
        source="US",
    )
    return image
