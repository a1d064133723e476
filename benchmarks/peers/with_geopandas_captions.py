"""From objects to captions by geopandas and Python: boxes and hard rules are given.

The tables that the models publish on the way are written too: the tags of objects, the
shares, the tags of scenes, the words with what gave them, and the captions.
"""

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.peers.captions_in_python import Said, Writer
from benchmarks.peers.tags_in_python import Grammar, HardRules, Rule, Tag
from benchmarks.peers.with_geopandas import BOX, shares

# As the project's var has it.
SURROUNDING_MIN_PX = 8
BATCH = 20_000  # scenes
TAG_FIELDS = ("object_id", "key", "value", "phrase", "rule_id", "max_gsd_m")
SCENE_TAG_FIELDS = ("scene_id", "object_id", "role", "object_rank", *TAG_FIELDS[1:5])
SAID = ("scene_id", "caption", "position", "words", "role")
WORD_FIELDS = (*SAID, *TAG_FIELDS[:3], "rule_id")
CAPTION_FIELDS = ("scene_id", "title", "title_multi_objects")


class Table:
    """A Parquet file that rows are appended to."""

    def __init__(self, file: Path, fields: tuple[str, ...]) -> None:
        self.fields, self.rows = fields, list[tuple[Any, ...]]()
        numbers = {"position": pa.int32(), "object_rank": pa.int32()}
        numbers["max_gsd_m"] = pa.float64()
        kinds = [(name, numbers.get(name, pa.string())) for name in fields]
        self.out = pq.ParquetWriter(file, pa.schema(kinds), compression="zstd")

    def flush(self) -> None:
        """Write the rows at hand."""
        columns = zip(*self.rows, strict=True) if self.rows else [[]] * len(self.fields)
        arrays = zip(columns, self.out.schema, strict=True)
        data = [pa.array(column, field.type) for column, field in arrays]
        self.out.write_table(pa.table(data, schema=self.out.schema))
        self.rows.clear()

    def close(self) -> None:
        """Write the rest."""
        self.flush()
        self.out.close()


def main(tables: Path, seeds: Path, out: Path) -> None:
    """Write the five tables into a folder."""
    boxes = gpd.read_parquet(
        tables / "main" / "scenes.parquet", columns=[*BOX, "source", "gsd_m"]
    )
    objects = gpd.read_parquet(
        tables / "main" / "objects.parquet",
        columns=["object_id", "kind", "area_m2", "tags", "geometry"],
    )
    grammar, writer = Grammar(seeds), Writer(seeds)
    hard = given_rules(tables / "main" / "int_hard_rules.parquet")
    tags = tags_of(objects, hard, grammar, out / "object_tags.parquet")
    del hard
    objects = objects[["object_id", "kind", "geometry"]]
    found = shares(boxes, objects)
    found.to_parquet(out / "scene_objects.parquet", index=False, compression="zstd")
    gsd_m = dict(zip(boxes["scene_id"], boxes["gsd_m"], strict=True))
    seen = found["extent_px"].isna() | (found["extent_px"] >= SURROUNDING_MIN_PX)
    shown = found.loc[
        seen | (found["role"] == "focus"), ["scene_id", "object_id", "role", "rank"]
    ]
    del found, objects, boxes
    write_captions(shown, tags, gsd_m, grammar, writer, out)


def given_rules(file: Path) -> dict[str, dict[str, list[Rule]]]:
    """What the rules that are models decide: by object and by key."""
    found: dict[str, dict[str, list[Rule]]] = {}
    fields = ("object_id", "key", "rule_id", "max_gsd_m", "phrase", "priority")
    given = pq.read_table(file, columns=list(fields))
    columns = (given[name].to_pylist() for name in fields)
    for object_id, key, rule_id, max_gsd_m, phrase, priority in zip(
        *columns, strict=True
    ):
        rule = Rule(rule_id, max_gsd_m, phrase or "", priority, exactness=4)
        found.setdefault(object_id, {}).setdefault(key, []).append(rule)
    return found


def tags_of(
    objects: gpd.GeoDataFrame,
    hard: Mapping[str, HardRules],
    grammar: Grammar,
    file: Path,
) -> dict[str, list[Tag]]:
    """What is decided on the tags of each object of which anything is."""
    table, found = Table(file, TAG_FIELDS), {}
    columns = (objects[name] for name in ("object_id", "kind", "area_m2", "tags"))
    for object_id, kind, area_m2, pairs in zip(*columns, strict=True):
        if said := grammar.say(kind, area_m2, dict(pairs), hard.get(object_id, {})):
            found[object_id] = said
            table.rows += [
                (object_id, t.key, t.value, t.phrase, t.rule_id, t.max_gsd_m)
                for t in said
            ]
    table.close()
    return found


def write_captions(
    shown: pd.DataFrame,
    tags: dict[str, list[Tag]],
    gsd_m: dict[str, float],
    grammar: Grammar,
    writer: Writer,
    out: Path,
) -> None:
    """Say each scene's objects, which stand in the order of their rank."""
    scene_tags = Table(out / "scene_tags.parquet", SCENE_TAG_FIELDS)
    words = Table(out / "caption_words.parquet", WORD_FIELDS)
    captions = Table(out / "captions.parquet", CAPTION_FIELDS)
    only = writer.style["surrounding_only_key"]

    @cache
    def spoken(object_id: str, role: str, gsd_m: float) -> tuple[list[Tag], Said]:
        """What is seen of an object, and what is said of it: in each scene the same."""
        seen = grammar.visible(tags.get(object_id, []), gsd_m)
        narrow = [tag for tag in seen if tag.key == only]
        told = narrow if narrow and role == "surrounding" else seen
        return seen, Said(object_id, role, told, writer.phrase(told))

    for number, (scene_id, rows_of_scene) in enumerate(scenes(shown), 1):
        found = []
        for _, object_id, role, rank in rows_of_scene:
            seen, said = spoken(object_id, role, gsd_m[scene_id])
            scene_tags.rows += [
                (scene_id, object_id, role, rank, t.key, t.value, t.phrase, t.rule_id)
                for t in seen
            ]
            if seen:
                found.append(said)
        chosen = writer.chosen(found)
        texts = []
        for name in CAPTION_FIELDS[1:]:
            spelled = writer.words(chosen, alone=name == "title")
            texts.append("".join(word for word, *_ in spelled))
            words.rows += [
                (scene_id, name, position, word, role, object_id)
                + ((tag.key, tag.value, tag.rule_id) if tag else (None, None, None))
                for position, (word, role, object_id, tag) in enumerate(spelled, 1)
            ]
        captions.rows.append((scene_id, *texts))
        if number % BATCH == 0:
            for table in (scene_tags, words, captions):
                table.flush()
    for table in (scene_tags, words, captions):
        table.close()


def scenes(
    shown: pd.DataFrame,
) -> Iterator[tuple[str, Iterator[tuple[str, str, str, int]]]]:
    """Each scene with its rows."""
    columns = (shown[name].tolist() for name in shown.columns)
    return groupby(zip(*columns, strict=True), key=lambda row: row[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
