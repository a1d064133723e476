"""The page of sampled decisions, from what `dbt show` prints of the analysis.

Of a lake with the extracts loaded and `int_tag_decisions` built:
`dbt show --select decision_sample --limit -1 --output json`, piped into
`python -m explore.decisions`.
"""

import json
import sys
from dataclasses import dataclass

HEAD = """# A sample of decisions

Every key that at least 50 objects of the real extracts carry is decided on purpose:
whether an image can show the tag, and up to how many metres per pixel. A tag that
several rules decide, by size or kind, stands here with the one that decides most of
its objects.

Read a row as a claim about overhead imagery, and change
[the rule](../dbt_project/seeds/tag_rules.csv) where you disagree. Rules whose name
begins with `rule_` are models in
[`tag_rules/`](../dbt_project/models/intermediate/tag_rules). The sample is
[`decision_sample.sql`](../dbt_project/analyses/decision_sample.sql).
"""
PARTS = {
    1: "A hundred of the keys, by hash, each with one common value; `*` stands for all "
    "values where one denial speaks of them all.",
    2: "Fifty tags, by hash, of those that are seen.",
}
TABLE = """
| tag | objects | seen | up to m/pixel | rule | reason |
|---|---:|---|---:|---|---|
"""


@dataclass(frozen=True)
class Decision:
    """One tag with the rule that decides it; `max_gsd_m` as its cell is written."""

    part: int
    key: str
    value: str
    n_objects: int
    max_gsd_m: str
    rule_id: str
    reason: str


def row(decision: Decision) -> str:
    """A line of the table; what was typed into the map is escaped."""
    tag = f"{decision.key}={decision.value}"[:60].replace("|", "\\|").replace("`", "'")
    limit = ""
    if decision.max_gsd_m == "classifier":
        seen = "by classifier"
    elif float(decision.max_gsd_m) > 0:
        seen, limit = "yes", f"{float(decision.max_gsd_m):g}"
    else:
        seen = "no"
    cells = (
        f"`{tag}` | {decision.n_objects:,} | {seen} | {limit} | `{decision.rule_id}`"
    )
    return f"| {cells} | {decision.reason} |\n"


def page(decisions: list[Decision]) -> str:
    """Markdown with a table for each part of the sample."""
    text = HEAD
    for part, title in PARTS.items():
        rows = "".join(row(one) for one in decisions if one.part == part)
        text += f"\n{title}\n{TABLE}{rows}"
    return text


def main() -> None:
    """Read the rows from stdin, write the page to stdout."""
    text = sys.stdin.read()
    shown = json.loads(text[text.index("{") :])["show"]
    sys.stdout.write(page([Decision(**one) for one in shown]))


if __name__ == "__main__":
    main()
