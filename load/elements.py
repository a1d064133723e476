"""One reading of a PBF by libosmium: versions and times of what is tagged, ways drawn.

DuckDB reads tags from a PBF at no cost, but neither versions nor times, and putting
the places of nodes into ways is a join there that libosmium does without one.
"""

from pathlib import Path
from typing import TextIO

import osmium
from osmium.osm import ALL, NODE, RELATION, WAY, Node, Relation, Way

from load.blocks import first_damage, slices
from skyloom import progress

SLICE_BYTES = 1_000_000
BYTES_PER_PLACE = 16
# A node takes twelve bytes of a PBF or more, its share of all else included.
BYTES_PER_NODE = 12
ALL_NODES = osmium.geom.ALL
UNDRAWABLE = (RuntimeError, osmium.InvalidLocationError)


def read_elements(
    path: Path, target: Path, *, title: str, memory: int, threads: int | None
) -> None:
    """Write a line for each tagged node, each way and each tagged relation.

    Columns, parted by one blank: type, id, version, seconds since 1970, and of nodes
    and ways the WKB, or nothing; then of a way its number of nodes and how many of
    them are missing. Places of nodes beyond `memory` bytes go into a file beside.
    Nodes with negative ids have no place in libosmium's index: ways miss them.

    Raises:
        SkyloomError: naming the block that cannot be read.
    """
    try:
        try:
            _Reading(path, target, title, memory, threads).write(ALL)
        except _NodeAfterWayError:
            reading = _Reading(path, target, title, memory, threads)
            reading.write(NODE)
            reading.write(WAY | RELATION)
    except RuntimeError:
        raise first_damage(path) from None


class _NodeAfterWayError(Exception):
    """Ways stand before nodes that they may need: the file takes two readings."""


class _Reading:
    """A file on its way through libosmium, with the places of its nodes so far."""

    def __init__(
        self, path: Path, target: Path, title: str, memory: int, threads: int | None
    ) -> None:
        self.path, self.target, self.title = path, target, title
        target.unlink(missing_ok=True)
        # libosmium keeps no reference to these: they have to live as long as it runs.
        self.places = osmium.index.create_map(_index(path, target, memory))
        self.located = osmium.NodeLocationsForWays(self.places)
        self.located.ignore_errors()
        self.tagged = osmium.filter.EmptyTagFilter()
        self.tagged.enable_for(NODE | RELATION)
        self.pool = osmium.io.ThreadPool(threads or 0)
        self.wkb = osmium.geom.WKBFactory()
        self.seen_way = False

    def write(self, types: osmium.osm.osm_entity_bits) -> None:
        """Write the lines of the elements of these types, in the file's order."""
        size = self.path.stat().st_size
        with (
            self.target.open("a", buffering=1 << 20) as lines,
            progress.track(self.title, size, unit="B", counted="elements") as done,
        ):
            for one in slices(self.path, SLICE_BYTES):
                buffer = osmium.io.FileBuffer(one, "pbf")
                with osmium.io.Reader(buffer, types, self.pool) as reader:
                    done(len(one), self._write_slice(reader, lines))

    def _write_slice(self, reader: osmium.io.Reader, lines: TextIO) -> int:
        # The one loop in Python over what an extract holds: its calls are counted.
        n, write = 0, lines.write
        draw_line, draw_point = self.wkb.create_linestring, self.wkb.create_point
        for one in osmium.OsmFileIterator(reader, self.located, self.tagged):
            # Nothing here may read tags: libosmium does not survive a NUL in one.
            if isinstance(one, Way):
                self.seen_way = True
                try:
                    # With UNIQUE, missing nodes at the start count as repeated ones.
                    drawn = draw_line(one, ALL_NODES)
                except UNDRAWABLE:
                    missing = sum(not node.location.valid() for node in one.nodes)
                    drawn = f" {len(one.nodes)} {missing}"
                seconds = f"{one.timestamp.timestamp():.0f}"
                write(f"way {one.id} {one.version} {seconds} {drawn}\n")
            elif isinstance(one, Node):
                if self.seen_way:
                    raise _NodeAfterWayError
                try:
                    drawn = draw_point(one)
                except UNDRAWABLE:
                    drawn = ""
                seconds = f"{one.timestamp.timestamp():.0f}"
                write(f"node {one.id} {one.version} {seconds} {drawn}\n")
            elif isinstance(one, Relation):
                seconds = f"{one.timestamp.timestamp():.0f}"
                write(f"relation {one.id} {one.version} {seconds}\n")
            n += 1
        return n


def _index(path: Path, target: Path, memory: int) -> str:
    wanted = path.stat().st_size / BYTES_PER_NODE * BYTES_PER_PLACE
    if wanted < memory:
        return "sparse_mmap_array"
    return f"sparse_file_array,{target.with_suffix('.places')}"
