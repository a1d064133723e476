"""A catalog of a few objects and rules, made of SQL: what the rule commands read."""

from dataclasses import dataclass, field

import duckdb

from tests.explore.stand_in import TABLES, StandIn

BOX = "xmin float, ymin float, xmax float, ymax float"
RULE = (
    "rule_id varchar, key varchar, value varchar, not_key varchar, not_value varchar, "
    "geometry varchar, min_area_m2 varchar, max_gsd_m varchar, phrase varchar, "
    "phrase_plural varchar, priority varchar, note varchar"
)
MORE = {
    "objects": f"area_m2 double, bbox struct({BOX})",
    "object_tags": "max_gsd_m double, phrase varchar",
    "scenes": f"osm_snapshot varchar, bbox struct({BOX})",
    "scene_objects": "extent_px double",
}
NEW = {
    "tag_rules": RULE,
    "scene_tags": "scene_id varchar, object_id varchar, role varchar, object_rank int, "
    "key varchar, value varchar, phrase varchar, rule_id varchar, tag_rank int",
    "attribute_keys": "key varchar, note varchar",
    "build_settings": "name varchar, value varchar",
    "caption_styles": "style varchar, surrounding_only_key varchar",
}


@dataclass
class RuleCatalog:
    """Rows by table, added one at a time; `without` are tables that it lacks."""

    rows: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    without: tuple[str, ...] = ()

    def add(self, table: str, **row: object) -> None:
        """Append one row; columns not named are null, dicts are maps or structs."""
        self.rows.append((table, row))

    def thing(
        self, object_id: str, tags: dict[str, str], *, area: float | None = None
    ) -> None:
        """An object with its tags, one degree north and east of its number's tenth."""
        kind = {"n": "point", "w": "line"}.get(object_id[0], "area")
        at = int(object_id[1:]) / 10
        box = {"xmin": at, "ymin": at, "xmax": at + 0.01, "ymax": at + 0.01}
        self.add(
            "objects",
            object_id=object_id,
            kind=kind,
            area_m2=area,
            tags={"map": tags},
            bbox=box,
        )

    def decide(self, object_id: str, tag: str, rule: str, gsd: float, **more) -> None:
        """A tag of an object that a rule decided."""
        key, value = tag.split("=", 1)
        self.add(
            "object_tags",
            object_id=object_id,
            key=key,
            value=value,
            rule_id=rule,
            max_gsd_m=gsd,
            groundable=gsd > 0,
            **({"tag_rank": 1, "phrase": f"{key} {value}"} | more),
        )

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A fresh database in memory with all the tables."""
        con = StandIn().connect()
        for table, columns in NEW.items():
            con.execute(f"create or replace table {table} ({columns})")
        for table, columns in MORE.items():
            for column in columns.replace(f"({BOX})", "(%)").split(", "):
                con.execute(
                    f"alter table {table} add column {column.replace('%', BOX)}"
                )
        assert set(MORE) <= set(TABLES)
        for table, row in self.rows:
            values = ", ".join(map(_sql, row.values()))
            con.execute(f"insert into {table} ({', '.join(row)}) values ({values})")
        con.execute(
            "insert into tags select tag.key, tag.value, count(*), 0, null, "
            "min(object_id) from (select object_id, unnest(map_entries(tags)) as tag "
            "from objects) group by all"
        )
        for table in self.without:
            con.execute(f"drop table {table}")
        return con


def _sql(value: object) -> str:
    if isinstance(value, dict) and set(value) == {"map"}:
        held = ", ".join(f"{_sql(k)}: {_sql(v)}" for k, v in value["map"].items())
        return f"map {{{held}}}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"'{k}': {_sql(v)}" for k, v in value.items()) + "}"
    if value is None or isinstance(value, bool | int | float):
        return "null" if value is None else str(value)
    return "'" + str(value).replace("'", "''") + "'"
