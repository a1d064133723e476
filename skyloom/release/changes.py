"""CHANGES.md: what differs from the release before, source by source."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from skyloom.duck import quoted
from skyloom.release.names import table_cell
from skyloom.release.pairs import Pairs
from skyloom.release.records import METADATA

COMPARED = {"image_id", "source", "sha256", "title", "title_multi_objects", "polished"}
DIFFERENCE = """
with old as (select * from read_parquet({old})),

new as (select * from read_parquet({new})),

compared as (
    select
        coalesce(new.source, old.source) as source,
        old.image_id is null as added,
        new.image_id is null as removed,
        new.image_id = old.image_id and (
            new.title is distinct from old.title
            or new.title_multi_objects is distinct from old.title_multi_objects
            or new.polished is distinct from old.polished
        ) as recaptioned,
        new.image_id = old.image_id and new.sha256 is distinct from old.sha256
            as reimaged
    from old
    full outer join new on old.image_id = new.image_id
)

select
    source,
    count(*) filter (not removed) as n,
    count(*) filter (added) as added,
    count(*) filter (removed) as removed,
    count(*) filter (recaptioned) as recaptioned,
    count(*) filter (reimaged) as reimaged
from compared
group by source
order by source
"""
COLUMNS = ("n", "added", "removed", "recaptioned", "reimaged")


def changes(pairs: Pairs, folder: Path, before: Path | None) -> str:
    """A table of pairs added, removed, re-captioned and re-imaged since a release."""
    title = "# Changes\n\n"
    if before is None:
        return f"{title}The first release in its place: {pairs.n_pairs:,} pairs.\n"
    old = before / METADATA
    if not _is_comparable(old):
        return f"{title}The release before is of another form and was not compared.\n"
    rows = list(
        pairs.ask(DIFFERENCE.format(old=quoted(old), new=quoted(folder / METADATA)))
    )
    lines = [
        f"{title}Since the release before:\n",
        "| source | pairs | added | removed | other captions | other images |",
        "|---|---|---|---|---|---|",
    ]
    rows += [
        {"source": "all", **{name: sum(r[name] for r in rows) for name in COLUMNS}}
    ]
    for row in rows:
        figures = " | ".join(f"{row[name]:,}" for name in COLUMNS)
        lines.append(f"| {table_cell(row['source'])} | {figures} |")
    return "\n".join(lines) + "\n"


def _is_comparable(metadata: Path) -> bool:
    try:
        return set(pq.read_schema(metadata).names) >= COMPARED
    except (OSError, pa.ArrowInvalid):
        return False
