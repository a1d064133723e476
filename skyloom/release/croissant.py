"""croissant.json: a release described in MLCommons' Croissant 1.0."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from skyloom.release.huggingface import COLUMNS, FOLDER
from skyloom.release.order import Order
from skyloom.release.pairs import Pairs
from skyloom.release.sums import sha256_of
from skyloom.release.terms import image_licenses

CONFORMS = "http://mlcommons.org/croissant/1.0"
CITE = (
    "Zhecheng Wang, Rajanie Prabha, Tianyuan Huang, Jiajun Wu, Ram Rajagopal. "
    "SkyScript: A Large and Semantically Diverse Vision-Language Dataset for Remote "
    "Sensing. AAAI 2024. arXiv:2312.12856 (the method; made by Skyloom)."
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
TYPES = {pa.float64(): "sc:Float", pa.int32(): "sc:Integer", pa.bool_(): "sc:Boolean"}
EXTENT = """
select
    min(south) as south, min(west) as west, max(north) as north, max(east) as east,
    strftime(min(acquired), '%Y-%m-%d') as first_day,
    strftime(max(acquired), '%Y-%m-%d') as last_day
from pairs
"""


def croissant(pairs: Pairs, folder: Path, order: Order) -> str:
    """The description, over Hugging Face's files if they are there or SkyScript's."""
    if "huggingface" in order.formats:
        distribution, records = _parquet(pairs)
    else:
        distribution, records = _csv(folder)
    described = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": "skyloom_release",
        "description": (
            "Images from above with captions from OpenStreetMap's tags, made by "
            "Skyloom. Terms of each source: ATTRIBUTION.md; limits: LIMITS.md."
        ),
        "conformsTo": CONFORMS,
        "license": ["ODbL-1.0", *image_licenses(pairs)],
        "creditText": "(c) OpenStreetMap contributors; pixels: see ATTRIBUTION.md",
        "citeAs": CITE,
        "url": "./README.md",
        "version": "1.0.0",
        "rai:dataLimitations": (folder / "LIMITS.md").read_text(encoding="utf-8"),
        **_coverage(pairs),
        "distribution": distribution,
        "recordSet": records,
    }
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"


def _coverage(pairs: Pairs) -> dict[str, Any]:
    row = next(pairs.ask(EXTENT))
    if row["south"] is None:
        return {}
    box = " ".join(str(row[side]) for side in ("south", "west", "north", "east"))
    found: dict[str, Any] = {
        "spatialCoverage": {
            "@type": "sc:Place",
            "geo": {"@type": "sc:GeoShape", "box": box},
        }
    }
    if row["first_day"]:
        found["temporalCoverage"] = f"{row['first_day']}/{row['last_day']}"
    return found


def _parquet(pairs: Pairs) -> tuple[list[Any], list[Any]]:
    """A set of files and a set of records for each split."""
    sets, records = [], []
    for split in pairs.splits or {"train": 0}:
        sets.append(
            {
                "@type": "cr:FileSet",
                "@id": f"{split}-files",
                "encodingFormat": "application/x-parquet",
                "includes": f"{FOLDER}/{split}-*.parquet",
            }
        )
        fields = []
        for column in COLUMNS:
            is_image = column.name == "image"
            is_list = pa.types.is_list(column.type)
            kind = TYPES.get(column.type.value_type if is_list else column.type)
            extract: dict[str, Any] = {"column": column.name}
            source: dict[str, Any] = {
                "fileSet": {"@id": f"{split}-files"},
                "extract": extract,
            }
            if is_image:
                source["transform"] = {"jsonPath": "bytes"}
            fields.append(
                {
                    "@type": "cr:Field",
                    "@id": f"{split}/{column.name}",
                    "dataType": "sc:ImageObject" if is_image else kind or "sc:Text",
                    **({"repeated": True} if is_list else {}),
                    "source": source,
                }
            )
        records.append({"@type": "cr:RecordSet", "@id": split, "field": fields})
    return sets, records


def _csv(folder: Path) -> tuple[list[Any], list[Any]]:
    """SkyScript's table of all pairs; `filepath` is the image's path."""
    table = {
        "@type": "cr:FileObject",
        "@id": "pairs-csv",
        "contentUrl": "pairs.csv",
        "encodingFormat": "text/csv",
        "sha256": sha256_of(folder / "pairs.csv"),
    }
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"pairs/{name}",
            "dataType": "sc:Text",
            "source": {
                "fileObject": {"@id": "pairs-csv"},
                "extract": {"column": name},
            },
        }
        for name in ("filepath", "title", "title_multi_objects")
    ]
    return [table], [{"@type": "cr:RecordSet", "@id": "pairs", "field": fields}]
