"""Write elements as an OSM PBF file."""

from datetime import datetime
from pathlib import Path
from typing import Any

import osmium
from osmium.io import Header
from osmium.osm import mutable

from sample.elements import Elements

TIMESTAMP = "2024-06-01T00:00:00Z"


def write_pbf(elements: Elements, path: Path, timestamp: str = TIMESTAMP) -> None:
    """Write a sorted .osm.pbf; equal elements give equal bytes.

    Args:
        elements: What to write; ids positive and unique within a kind.
        path: Must end in `.osm.pbf`. Replaced in one step: no reader sees half a file.
        timestamp: Stands on every element and, as the snapshot's date, in the header.
    """
    partial = path.with_name(f".{path.name}.partial.osm.pbf")
    partial.unlink(missing_ok=True)
    header = Header()
    header.set("generator", "skyloom sample")
    header.set("osmosis_replication_timestamp", timestamp)
    header.set("sorting", "Type_then_ID")
    meta: dict[str, Any] = {
        "version": 1,
        "timestamp": datetime.fromisoformat(timestamp),
        "visible": True,
        "changeset": 1,
        "uid": 0,
        "user": "",
    }
    with osmium.SimpleWriter(str(partial), header=header) as writer:
        for node in sorted(elements.nodes, key=lambda e: e.id):
            place = (node.lon, node.lat)
            writer.add_node(
                mutable.Node(id=node.id, location=place, tags=dict(node.tags), **meta)
            )
        for way in sorted(elements.ways, key=lambda e: e.id):
            writer.add_way(
                mutable.Way(id=way.id, nodes=way.refs, tags=dict(way.tags), **meta)
            )
        for relation in sorted(elements.relations, key=lambda e: e.id):
            writer.add_relation(
                mutable.Relation(
                    id=relation.id,
                    members=list(relation.members),
                    tags=dict(relation.tags),
                    **meta,
                )
            )
    partial.replace(path)
