"""Whose a release is: ATTRIBUTION.md and LICENSES.md."""

from skyloom.release.names import table_cell
from skyloom.release.pairs import Pairs, Row

PRIVATE = "**For private use: not for release.**"
ODBL = """\
Captions, tags, boxes and the other metadata are made from OpenStreetMap:
(c) OpenStreetMap contributors, available under the Open Database License 1.0
(ODbL), https://opendatacommons.org/licenses/odbl/1-0/. Who passes them on, or a
data base made from them, names OpenStreetMap (https://www.openstreetmap.org/copyright)
and keeps them under the ODbL. The pixels are not OpenStreetMap's: each source below
has its own terms.
"""
BY_TERMS = """
select source, source_name, license, attribution, drawn, left_out, count(*) as n
from (
    select source, source_name, license, attribution, drawn, null as left_out
    from pairs
    union all by name
    select source, source_name, license, attribution, drawn, left_out from left_out
)
group by all
order by all
"""


def attribution(pairs: Pairs, *, private: bool) -> str:
    """Who must be named for captions, metadata and pixels."""
    lines = ["# Attribution", "", *([PRIVATE, ""] if private else [])]
    lines += ["## Captions and metadata", "", ODBL, "## Pixels", ""]
    lines += ["| source | images | licence | attribution | drawn |"]
    lines += ["|---|---|---|---|---|"]
    lines += [
        f"| {_source(row)} | {row['n']} | {table_cell(row['license'])} "
        f"| {table_cell(row['attribution'])} | {'yes' if row['drawn'] else 'no'} |"
        for row in pairs.ask(BY_TERMS)
        if row["left_out"] is None
    ]
    return "\n".join(lines) + "\n"


def licenses(pairs: Pairs) -> str:
    """The licence of each part, and whether its pixels are in the release."""
    lines = [
        *("# Licences", ""),
        "| part | licence | images | in this release |",
        "|---|---|---|---|",
        "| captions, tags, boxes, metadata | ODbL-1.0 | | yes |",
    ]
    for row in pairs.ask(BY_TERMS):
        inside = f"boxes only: {row['left_out']}" if row["left_out"] else "yes"
        lines.append(
            f"| pixels of {_source(row)} | {table_cell(row['license'])} "
            f"| {row['n']} | {inside} |"
        )
    lines += ["", "Whom to name: ATTRIBUTION.md."]
    return "\n".join(lines) + "\n"


def image_licenses(pairs: Pairs) -> list[str]:
    """The licences of the pixels in the release."""
    query = "select distinct license from pairs where license is not null order by 1"
    return [row["license"] for row in pairs.ask(query)]


def _source(row: Row) -> str:
    return f"{table_cell(row['source'])} ({table_cell(row['source_name'])})"
