"""The pairs of a release, held on disk and read shard by shard."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from skyloom import duck
from skyloom.catalog import Catalog
from skyloom.errors import SkyloomError
from skyloom.lake import Lake
from skyloom.release.choice import choose
from skyloom.release.order import Order

Row = dict[str, Any]
AT_ONCE = 1_000

# Ranks start at 0. The mixed order is for readers that shuffle within a window: pairs
# of one kind of object or one place do not stand together in it.
RANKED = """
create table pairs as
select
    * exclude (left_out),
    row_number() over (order by image_id) - 1 as any_place,
    row_number() over (partition by split order by image_id) - 1 as split_place,
    row_number() over (partition by split order by md5(image_id), image_id) - 1
        as mixed_place
from read_parquet({chosen})
where left_out is null
order by any_place
"""
LEFT_OUT = """
create table left_out as
select * from read_parquet({chosen}) where left_out is not null
order by image_id
"""
# Tags are those that may be said in the scene; equal surroundings stand once, as in the
# published metadata.
TAGGED = """
with block as ({block}),

tagged as (
    select
        scene_id,
        role,
        object_id,
        min(object_rank) as object_rank,
        map_from_entries(list({{'k': key, 'v': value}} order by tag_rank)) as tags
    from read_parquet({scene_tags})
    where scene_id in (select scene_id from block)
    group by scene_id, role, object_id
),

focus as (
    select scene_id, tags
    from tagged
    where role = 'focus'
),

surroundings as (
    select scene_id, tags, min(object_rank) as object_rank
    from tagged
    where role = 'surrounding'
    group by scene_id, tags
),

listed as (
    select scene_id, list(tags order by object_rank) as surrounding_tags
    from surroundings
    group by scene_id
)

select
    block.*,
    focus.tags as center_tags,
    coalesce(listed.surrounding_tags, []) as surrounding_tags
from block
left join focus on block.scene_id = focus.scene_id
left join listed on block.scene_id = listed.scene_id
order by block.{rank}
"""
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Pairs:
    """The chosen pairs: a table `pairs`, and `left_out` for those without pixels."""

    con: duckdb.DuckDBPyConnection
    root: Path
    scene_tags: Path
    n_pairs: int
    n_left_out: int
    splits: dict[str, int]

    def rows(
        self,
        split: str | None = None,
        span: tuple[int, int] | None = None,
        *,
        mixed: bool = False,
        tags: bool = False,
    ) -> Iterator[Row]:
        """Pairs by image_id or mixed, of one split or all, from one rank to another."""
        rank = "mixed_place" if mixed else "split_place" if split else "any_place"
        first, last = span or (0, self.splits[split] if split else self.n_pairs)
        for start in range(first, last, 10 * AT_ONCE):
            end = min(last, start + 10 * AT_ONCE)
            block = f"select * from pairs where {rank} >= {start} and {rank} < {end}"
            if split:
                block += f" and split = {duck.quoted(split)}"
            query = f"{block} order by {rank}"
            if tags:
                file = duck.quoted(self.scene_tags)
                query = TAGGED.format(block=block, scene_tags=file, rank=rank)
            yield from self.ask(query)

    def ask(self, query: str) -> Iterator[Row]:
        """The rows of any query over `pairs` and `left_out`."""
        with self.con.cursor() as cursor:
            result = cursor.execute(query)
            names = [column[0] for column in result.description or ()]
            while rows := result.fetchmany(AT_ONCE):
                for row in rows:
                    yield dict(zip(names, row, strict=True))

    def image(self, row: Row) -> bytes:
        """The chip's bytes, which are those that the catalog knows.

        Raises:
            SkyloomError: the chip is missing or is another.
        """
        chip: Path = self.root / row["chip"]
        try:
            data = chip.read_bytes()
        except FileNotFoundError:
            raise SkyloomError(
                "a chip is missing", where=str(chip), remedy="run `skyloom fetch`"
            ) from None
        if hashlib.sha256(data).hexdigest() != row["sha256"]:
            raise SkyloomError(
                "a chip is not the one that the catalog knows",
                where=str(chip),
                remedy="delete it and run `skyloom fetch`",
            )
        return data


@contextmanager
def gathered(
    lake: Lake, catalog: Catalog, order: Order, work: Path, threads: int | None = None
) -> Iterator[Pairs]:
    """Choose the pairs and hold them in a folder to work in.

    Raises:
        SkyloomError: nothing matches.
    """
    chosen, held = work / "chosen.parquet", work / "pairs.duckdb"
    held.unlink(missing_ok=True)
    held.with_suffix(".duckdb.wal").unlink(missing_ok=True)
    batches = choose(catalog, order)
    first = next(batches, None)
    if first is None or not first.num_rows:
        raise SkyloomError(
            "no pair to export",
            where=str(catalog.folder),
            remedy="run `skyloom fetch` and `skyloom build`, or widen --where",
        )
    with pq.ParquetWriter(chosen, first.schema) as writer:
        writer.write_batch(first)
        for batch in batches:
            writer.write_batch(batch)
    with duck.connect(held, threads=threads, temp_directory=work / "spill") as con:
        for statement in (RANKED, LEFT_OUT):
            con.execute(statement.format(chosen=duck.quoted(chosen)))
        counts = dict(
            con.execute(
                "select split, count(*) from pairs group by split order by split"
            ).fetchall()
        )
        known = {split: counts.pop(split) for split in SPLITS if split in counts}
        row = con.execute("select count(*) from left_out").fetchone()
        yield Pairs(
            con,
            lake.root,
            catalog.path("scene_tags"),
            sum(known.values()) + sum(counts.values()),
            row[0] if row else 0,
            known | counts,
        )
