"""LIMITS.md: what the pairs are taken from, in shares, and what they cannot say."""

from skyloom.release.names import table_cell
from skyloom.release.pairs import Pairs, Row

# What each table of shares counts by.
SHARES = {
    "Country": "coalesce(country, 'not known')",
    "Imagery source": "source || ' (' || coalesce(source_name, '') || ')'",
    "Split": "split",
    "Year of the image": "coalesce(year(acquired)::varchar, 'not known')",
    "Metres per pixel": """
        case
            when gsd_x_m <= 0.3 then 'up to 0.3'
            when gsd_x_m <= 1 then 'up to 1'
            when gsd_x_m <= 10 then 'up to 10'
            else 'coarser than 10'
        end
    """,
    "Pixels": "if(drawn, 'drawn, not photographed', 'photographed')",
}
COUNTS = """
select
    count(*) as n,
    count(distinct title) as titles,
    count(distinct title_multi_objects) as captions,
    count(polished) as polished,
    coalesce(max(n_same), 0) as most
from pairs
left join (
    select title as same, count(*) as n_same from pairs group by title
) on title = same
"""
KNOWN = """\
## What the captions cannot say

- A caption says what OpenStreetMap held at its snapshot, not what a person saw in the
  picture. The map can be older or younger than the image, and an object can lie under
  trees, cloud or shadow.
- What the map does not have is not said: a caption is no full list. OpenStreetMap is
  thinner in some regions than in others, and so are the captions there.
- Rules made the words. Many images share a caption, which makes them false negatives of
  one another in contrastive training.
- Sources and countries are not sampled evenly: see the shares above before a result is
  taken to hold for the world.
- Images are shifted against the map by as much as their orthorectification and the
  mapping err.

## Splits

Whole map tiles are in one split. Pairs of the split `gap` lie near a tile of another
split and belong to none: leave them out where you evaluate on this data.
"""


def limits(pairs: Pairs) -> str:
    """Counts, shares by country, source and others, and the limits in words."""
    counts = next(pairs.ask(COUNTS))
    lines = ["# Limits", "", _counted(counts, pairs.n_left_out), ""]
    for title, by in SHARES.items():
        lines += [f"## {title}", "", "| | pairs | share |", "|---|---|---|"]
        query = f"select {by} as part, count(*) as n from pairs group by 1"
        for row in pairs.ask(f"{query} order by n desc, part"):
            share = f"{row['n'] / counts['n']:.1%}"
            lines.append(f"| {table_cell(row['part'])} | {row['n']:,} | {share} |")
        lines += [""]
    return "\n".join(lines) + "\n" + KNOWN


def _counted(counts: Row, n_left_out: int) -> str:
    text = (
        f"{counts['n']:,} pairs, {counts['titles']:,} different titles, "
        f"{counts['captions']:,} different captions with surroundings; the most "
        f"frequent title stands at {counts['most']:,} images."
    )
    if counts["polished"]:
        text += f" {counts['polished']:,} captions are worded by a language model."
    if n_left_out:
        text += (
            f" {n_left_out:,} pairs more have boxes and recipes but no pixels, because "
            "of the terms of their sources (LICENSES.md)."
        )
    return text
