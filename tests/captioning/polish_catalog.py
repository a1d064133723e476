"""A stand-in for the published catalog: scenes of a few facts, in a lake."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from captioning.facts import Facts, parse_facts
from skyloom.lake import Lake

# key, value, phrase, plural, as object_tags has them.
TAGS = [
    ("natural", "wood", "natural woodland", "woods"),
    ("leaf_type", "broadleaved", "leaf type is broadleaved", None),
    ("highway", "residential", "road of residential", "residential roads"),
    ("landuse", "farmland", "landuse of farmland", None),
    ("leisure", "swimming_pool", "leisure land of swimming pool", "swimming pools"),
    ("building", "semidetached_house", "building of semidetached house", None),
    ("roof:colour", "red", "roof colour of red", None),
    ("lanes", "6", "lanes of 6", None),
    ("leisure", "pitch", "American football field", "American football fields"),
    ("natural", "tree", "natural tree", "trees"),
    ("power", "tower", "power tower", "power towers"),
]


@dataclass(frozen=True)
class Scene:
    """A scene and what is said in it: phrases of objects, the focus first."""

    name: str
    objects: tuple[tuple[str, ...], ...]
    counts: tuple[int | None, ...] = ()
    has_image: bool = True

    @property
    def text(self) -> str:
        facts: list[dict[str, Any]] = []
        for number, says in enumerate(self.objects):
            role = "surrounding" if number else "focus"
            facts.append({"id": f"f{number + 1}", "role": role, "says": list(says)})
            if number < len(self.counts) and self.counts[number]:
                facts[-1]["count"] = self.counts[number]
        return json.dumps(facts, separators=(",", ":"))

    @property
    def digest(self) -> str:
        return hashlib.md5(self.text.encode()).hexdigest()

    @property
    def facts(self) -> Facts:
        return parse_facts(self.digest, self.text)


SCENES = [
    Scene("wood", (("natural woodland", "leaf type is broadleaved"), ("power tower",))),
    Scene("farm", (("landuse of farmland",), ("road of residential",))),
    Scene("pool", (("leisure land of swimming pool",),)),
    Scene("unseen", (("power tower",),), has_image=False),
]


def publish(lake: Lake, scenes: Sequence[Scene] = SCENES) -> None:
    """Make the scenes the current run of the catalog."""
    facts = [
        {
            "scene_id": f"{scene.name}_DR",
            "style": "skyscript",
            "facts": scene.text,
            "facts_digest": scene.digest,
        }
        for scene in scenes
    ]
    images = [{"scene_id": f"{s.name}_DR"} for s in scenes if s.has_image]
    tags = [
        {
            "key": k,
            "value": v,
            "phrase": p,
            "phrase_plural": several,
            "groundable": True,
        }
        for k, v, p, several in TAGS
    ]
    words = [{"key": k, "value": v, "words": p} for k, v, p, _ in TAGS]
    rule = {"key": "landuse", "value": "quarry", "phrase": None, "phrase_plural": None}
    tables = {
        "scene_facts": pl.DataFrame(facts),
        "images": pl.DataFrame(images),
        "object_tags": pl.DataFrame(tags),
        "caption_words": pl.DataFrame(words),
        "tag_rules": pl.DataFrame(
            [{**rule, "max_gsd_m": "2"}],
            schema_overrides={"phrase": pl.String, "phrase_plural": pl.String},
        ),
        "build_settings": pl.DataFrame([{"name": "caption_max_tokens", "value": "77"}]),
    }
    folder = lake.catalog / "files"
    folder.mkdir(parents=True, exist_ok=True)
    (lake.catalog / "runs").mkdir(exist_ok=True)
    entries = []
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet")
        entries.append({"name": name, "file": f"{name}.parquet"})
    (lake.catalog / "runs" / "r1.json").write_text(json.dumps({"tables": entries}))
    (lake.catalog / "current.json").write_text(json.dumps({"run_id": "r1"}))


def new_lake(folder: Path, scenes: Sequence[Scene] = SCENES) -> Lake:
    """A lake with the scenes published."""
    lake = Lake.open(folder / "lake", create=True)
    publish(lake, scenes)
    return lake
