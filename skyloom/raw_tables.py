"""The tables that stages write as files and dbt reads as sources.

A new lake holds an empty, typed file for each, so that `dbt build` works before
anything is loaded. Types are DuckDB's; geometry is WKB, longitude before latitude.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

BBOX = "STRUCT(xmin FLOAT, ymin FLOAT, xmax FLOAT, ymax FLOAT)"
GEOMETRY = "GEOMETRY"


@dataclass(frozen=True)
class RawTable:
    """A raw table: the glob of its files inside the lake and its columns."""

    name: str
    pattern: str
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def empty_file(self) -> str:
        """The placeholder's path inside the lake, matched by the pattern."""
        return self.pattern.replace("*", "empty")


def _table(name: str, pattern: str, columns: dict[str, str]) -> RawTable:
    return RawTable(name, pattern, MappingProxyType(columns))


OBJECTS = _table(
    "objects",
    "osm/*/objects.parquet",
    {
        "object_id": "VARCHAR",
        "osm_type": "VARCHAR",
        "osm_id": "BIGINT",
        "kind": "VARCHAR",
        "area_m2": "DOUBLE",
        "length_m": "DOUBLE",
        "osm_version": "INTEGER",
        "osm_timestamp": "TIMESTAMP",
        "region": "VARCHAR",
        "snapshot": "VARCHAR",
        "tags": "MAP(VARCHAR, VARCHAR)",
        "bbox": BBOX,
        "geometry": GEOMETRY,
    },
)
REJECTS = _table(
    "rejects",
    "osm/*/rejects.parquet",
    {
        "osm_type": "VARCHAR",
        "osm_id": "BIGINT",
        "reason": "VARCHAR",
        "detail": "VARCHAR",
        "tags": "MAP(VARCHAR, VARCHAR)",
        "region": "VARCHAR",
        "snapshot": "VARCHAR",
    },
)
SNAPSHOTS = _table(
    "snapshots",
    "osm/*/snapshot.parquet",
    {
        "snapshot": "VARCHAR",
        "region": "VARCHAR",
        "snapshot_date": "DATE",
        "file_name": "VARCHAR",
        "sha256": "VARCHAR",
        "loader": "VARCHAR",
        "n_points": "BIGINT",
        "n_lines": "BIGINT",
        "n_areas": "BIGINT",
        "n_relations": "BIGINT",
        "n_rejects": "BIGINT",
    },
)
FOOTPRINTS = _table(
    "footprints",
    "footprints/*.parquet",
    {
        "source": "VARCHAR",
        "kind": "VARCHAR",
        "source_image_id": "VARCHAR",
        "location": "VARCHAR",
        "band_locations": "VARCHAR[]",
        "sha256": "VARCHAR",
        "acquired": "TIMESTAMP",
        "acquired_precision": "VARCHAR",
        "cloud_fraction": "DOUBLE",
        "crs": "VARCHAR",
        "transform": "DOUBLE[]",
        "width_px": "INTEGER",
        "height_px": "INTEGER",
        "gsd_x_m": "DOUBLE",
        "gsd_y_m": "DOUBLE",
        "gsd_m": "DOUBLE",
        "rgb_bands": "INTEGER[]",
        "alpha_band": "INTEGER",
        "nodata": "DOUBLE",
        "scale_min": "DOUBLE",
        "scale_max": "DOUBLE",
        "cloud_location": "VARCHAR",
        "license": "VARCHAR",
        "attribution": "VARCHAR",
        "drawn": "BOOLEAN",
        "bbox": BBOX,
        "geometry": GEOMETRY,
    },
)
REQUESTS = _table(
    "requests",
    "requests/*.parquet",
    {
        "request_id": "VARCHAR",
        "scene_id": "VARCHAR",
        "box_id": "VARCHAR",
        "source": "VARCHAR",
        "source_image_ids": "VARCHAR[]",
        "source_image_sha256s": "VARCHAR[]",
        "crs": "VARCHAR",
        "transform": "DOUBLE[]",
        "width_px": "INTEGER",
        "height_px": "INTEGER",
        "recipe": "VARCHAR",
        "why_not": "VARCHAR",
    },
)
LEDGER = _table(
    "ledger",
    "ledger/*.parquet",
    {
        "request_id": "VARCHAR",
        "scene_id": "VARCHAR",
        "box_id": "VARCHAR",
        "source": "VARCHAR",
        "status": "VARCHAR",
        "reason": "VARCHAR",
        "detail": "VARCHAR",
        "filepath": "VARCHAR",
        "sha256": "VARCHAR",
        "n_bytes": "BIGINT",
        "valid_fraction": "DOUBLE",
        "drawn": "BOOLEAN",
    },
)
ATTEMPTS = _table(
    "attempts",
    "attempts/*.parquet",
    {
        "request_id": "VARCHAR",
        "source": "VARCHAR",
        "run": "INTEGER",
        "attempt": "INTEGER",
        "n_chips": "INTEGER",
        "reason": "VARCHAR",
        "detail": "VARCHAR",
        "http_status": "INTEGER",
        "elapsed_ms": "INTEGER",
        "n_bytes": "BIGINT",
        "started": "TIMESTAMP",
    },
)

TAG_PREDICTIONS = _table(
    "tag_predictions",
    "tags/*.parquet",
    {
        "key": "VARCHAR",
        "value": "VARCHAR",
        "groundable": "BOOLEAN",
        "max_gsd_m": "DOUBLE",
        "probability": "DOUBLE",
        "model": "VARCHAR",
    },
)
POLISHED = _table(
    "polished",
    "polished/*.parquet",
    {
        "facts_digest": "VARCHAR",
        "model": "VARCHAR",
        "prompt": "VARCHAR",
        "caption": "VARCHAR",
        "caption_source": "VARCHAR",
        "reasons": "VARCHAR[]",
        "n_tokens_in": "BIGINT",
        "n_tokens_out": "BIGINT",
        "attempts": "INTEGER",
    },
)
IMAGE_HASHES = _table(
    "image_hashes",
    "image_hashes/*.parquet",
    {"image_sha256": "VARCHAR", "phash": "UBIGINT"},
)
SCORES = _table(
    "scores",
    "scores/*.parquet",
    {
        "image_sha256": "VARCHAR",
        "text_sha256": "VARCHAR",
        "model": "VARCHAR",
        "similarity": "DOUBLE",
    },
)
EMBEDDINGS = _table(
    "embeddings",
    "embeddings/*.parquet",
    {
        "content_sha256": "VARCHAR",
        "kind": "VARCHAR",
        "model": "VARCHAR",
        "vector": "FLOAT[]",
    },
)
MODELS = _table(
    "models",
    "models/*.parquet",
    {
        "model": "VARCHAR",
        "name": "VARCHAR",
        "pretrained": "VARCHAR",
        "checkpoint": "VARCHAR",
        "digest": "VARCHAR",
        "precision": "VARCHAR",
        "quick_gelu": "BOOLEAN",
        "dim": "INTEGER",
        "context_length": "INTEGER",
        "preprocessing": "VARCHAR",
    },
)
AUDITS = _table(
    "audits",
    "audits/*.parquet",
    {
        "image_id": "VARCHAR",
        "rule_id": "VARCHAR",
        "auditor": "VARCHAR",
        "is_right": "BOOLEAN",
    },
)
HELD_OUT = _table(
    "held_out",
    "held_out/*.parquet",
    {
        "image_id": "VARCHAR",
        "rule_id": "VARCHAR",
        "model": "VARCHAR",
        "is_right": "BOOLEAN",
    },
)
IMPORTED_IMAGES = _table(
    "imported_images",
    "imports/*/images.parquet",
    {
        "image_name": "VARCHAR",
        "dataset": "VARCHAR",
        "folder": "VARCHAR",
        "source": "VARCHAR",
        "west": "DOUBLE",
        "south": "DOUBLE",
        "east": "DOUBLE",
        "north": "DOUBLE",
        "width_px": "INTEGER",
        "height_px": "INTEGER",
        "acquired": "TIMESTAMP",
        "acquired_precision": "VARCHAR",
        "center_tags": "MAP(VARCHAR, VARCHAR)",
        "surrounding_tags": "MAP(VARCHAR, VARCHAR)[]",
        "request_id": "VARCHAR",
        "filepath": "VARCHAR",
        "sha256": "VARCHAR",
        "n_bytes": "BIGINT",
        "license": "VARCHAR",
        "attribution": "VARCHAR",
        "drawn": "BOOLEAN",
    },
)
IMPORTED_CAPTIONS = _table(
    "imported_captions",
    "imports/*/captions.parquet",
    {
        "image_name": "VARCHAR",
        "dataset": "VARCHAR",
        "caption": "VARCHAR",
        "text": "VARCHAR",
        "file": "VARCHAR",
    },
)
IMPORT_REJECTS = _table(
    "import_rejects",
    "imports/*/rejects.parquet",
    {
        "dataset": "VARCHAR",
        "file": "VARCHAR",
        "line": "BIGINT",
        "image_name": "VARCHAR",
        "reason": "VARCHAR",
        "detail": "VARCHAR",
    },
)
# The snapshot of what was imported is this and the import's name.
IMPORT_PREFIX = "import:"

RAW_TABLES = (
    OBJECTS,
    REJECTS,
    SNAPSHOTS,
    FOOTPRINTS,
    REQUESTS,
    LEDGER,
    ATTEMPTS,
    TAG_PREDICTIONS,
    POLISHED,
    IMAGE_HASHES,
    SCORES,
    EMBEDDINGS,
    MODELS,
    AUDITS,
    HELD_OUT,
    IMPORTED_IMAGES,
    IMPORTED_CAPTIONS,
    IMPORT_REJECTS,
)
