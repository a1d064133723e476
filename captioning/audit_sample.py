"""Which image-tag pairs people are asked to grade: a stratified sample by hashes.

Strata, and what is drawn of them, are queries of `captioning/sql`; here it is only
decided how many each stratum gives.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

import duckdb

from skyloom.catalog import Catalog
from skyloom.duck import quoted
from skyloom.errors import UsageError

FLOOR = 10
DIGEST_LETTERS = 12
_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True)
class Unit:
    """One tag that the caption of one image says.

    `n_stratum` counts the pairs of the stratum that it was drawn from, `outline` is SVG
    path data in pixels of the chip, empty where the object has no place in it.
    """

    image_id: str
    key: str
    value: str
    words: str
    role: str
    rule_id: str
    source: str
    stratum: str
    n_stratum: int
    caption: str
    filepath: str
    sha256: str
    width_px: int
    height_px: int
    drawn: bool
    attribution: str
    outline: str


@dataclass(frozen=True)
class Sample:
    """What was drawn; `digest` names it by its pairs and their strata."""

    digest: str
    selection: str
    n_pairs: int
    units: tuple[Unit, ...]


def draw(
    catalog: Catalog,
    *,
    n: int,
    seed: str = "skyloom",
    selection: str = "all",
    style: str = "skyscript",
) -> Sample:
    """Draw `n` pairs, or all where there are fewer, in a hashed order.

    Raises:
        UsageError: the selection keeps no pair in that style.
    """
    with catalog.connect() as con:
        _check(con, selection, style)
        for name, value in (("selection", selection), ("style", style), ("seed", seed)):
            con.execute(f"set variable {name} = {quoted(value)}")
        con.execute(f"create temp table audit_units as {_sql('audit_units')}")
        sizes = dict(con.execute(_sql("audit_strata")).fetchall())
        shares = allocate(sizes, n)
        quotas = ", ".join(f"{quoted(name)}: {share}" for name, share in shares.items())
        con.execute(f"set variable quotas = map {{{quotas}}}")
        units = tuple(Unit(*row) for row in con.execute(_sql("audit_draw")).fetchall())
    known = [astuple(unit)[:9] for unit in units]
    digest = hashlib.sha256(json.dumps(known).encode()).hexdigest()[:DIGEST_LETTERS]
    return Sample(digest, selection, sum(sizes.values()), units)


def allocate(sizes: Mapping[str, int], n: int, floor: int = FLOOR) -> dict[str, int]:
    """How many of `n` each stratum gives: the floor, and of the rest by its size.

    What is left by rounding down goes to the largest remainders. A stratum never gives
    more than it has; the floor is lowered where `n` cannot pay for it.
    """
    n = min(n, sum(sizes.values()))
    floor = min(floor, n // max(1, len(sizes)))
    least = {name: min(size, floor) for name, size in sizes.items()}
    room = {name: size - least[name] for name, size in sizes.items()}
    rest, whole = n - sum(least.values()), max(1, sum(room.values()))
    given = {name: least[name] + rest * room[name] // whole for name in sizes}
    left = n - sum(given.values())
    by_remainder = sorted(sizes, key=lambda name: (-(rest * room[name] % whole), name))
    for name in by_remainder[:left]:
        given[name] += 1
    return given


def _check(con: duckdb.DuckDBPyConnection, selection: str, style: str) -> None:
    found = con.execute(
        "select distinct selection, style from training_pairs order by all"
    ).fetchall()
    if (selection, style) not in found:
        kept = ", ".join(f"{one} in {other}" for one, other in found) or "none"
        raise UsageError(
            f"the selection {selection!r} keeps no pair in the style {style!r}",
            remedy=f"with pairs are: {kept}",
        )


def _sql(name: str) -> str:
    return (_SQL / f"{name}.sql").read_text()
