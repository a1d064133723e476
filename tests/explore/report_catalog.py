"""A catalog for the parts of the report that stand on tables of their own."""

from dataclasses import dataclass

import duckdb

from explore.figures import literal, prepare
from tests.explore.stand_in import StandIn

MORE = {
    "build_settings": "name varchar, value varchar",
    "duplicates": "what varchar, image_id varchar, how varchar, "
    "duplicate_of varchar, distance double, n_alike bigint",
    "selection_losses": "selection varchar, scorer varchar, model varchar, "
    "caption varchar, keep_share double, part varchar, name varchar, "
    "n_pairs bigint, n_tags bigint, n_tags_lost bigint, n_titles bigint, "
    "n_titles_lost bigint, n_captions bigint, n_captions_lost bigint",
    "polished_captions": "scene_id varchar, style varchar, caption_source varchar, "
    "reasons varchar[], model varchar, prompt varchar",
    "rule_scorecard": "rule_id varchar, source varchar, country varchar, "
    "n_images bigint, n_audited bigint, audit_accuracy double",
}
# A hundred metres of longitude at the equator, in degrees.
EAST_100_M = 100 / 111319.5


@dataclass
class ReportCatalog(StandIn):
    """Rows of the report's tables; scenes lie on the equator, ten metres wide."""

    def place(
        self, name: str, split: str, east_m: float, *, title: str = "", sha: str = ""
    ) -> None:
        """A scene so many metres east of the middle, with its caption and image."""
        at = east_m / 100 * EAST_100_M
        scene, image = f"{name}_US", f"{name}_US_20"
        ids = {"scene_id": scene, "object_id": name, "source": "US"}
        box = {"west": at, "east": at + EAST_100_M / 10, "south": 0.0, "north": 1e-4}
        self.add(
            "scenes", **ids, **box, split=split, width_px=10, height_px=10, gsd_m=1.0
        )
        text = title or f"a title of {name}"
        words = {"title": text, "title_multi_objects": f"{text}, by water"}
        self.add("captions", scene_id=scene, source="US", style="skyscript", **words)
        file = {"filepath": f"{image}.jpg", "width_px": 10, "height_px": 10}
        self.add(
            "images", image_id=image, **ids, **file, sha256=sha or name, drawn=False
        )
        if split in ("train", "val", "test"):
            pair = {"selection": "all", "style": "skyscript", "split": split}
            self.add("training_pairs", **pair, image_id=image, scene_id=scene, **words)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A fresh database in memory with all the tables, no parameter bound."""
        con = StandIn().connect()
        for table, columns in MORE.items():
            con.execute(f"create table {table} ({columns})")
        for table, row in self.rows:
            values = ", ".join(map(_literal, row.values()))
            con.execute(f"insert into {table} ({', '.join(row)}) values ({values})")
        return con

    def prepared(self) -> duckdb.DuckDBPyConnection:
        """The same, with the tables that the report's queries read."""
        con = self.connect()
        prepare(con)
        return con


def _literal(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else literal(value)
