"""The commands that look at the rules: `skyloom rules`."""

from __future__ import annotations

from typing import Annotated

import typer

from skyloom import options as opt

app = typer.Typer(no_args_is_help=True, help="Look at what the rules do.")

RuleArgument = Annotated[
    str, typer.Argument(metavar="RULE", help="a rule_id, of the seed or of a model")
]
WhereBoxOption = Annotated[
    str | None, typer.Option("--bbox", help="W,S,E,N in degrees: only what touches it")
]
SeedOption = Annotated[
    str, typer.Option("--seed", help="another text picks other chips for the page")
]
MostOption = Annotated[
    int, typer.Option("--limit", min=0, help="how many tags and keys are listed")
]


@app.command()
def preview(
    rule: RuleArgument,
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    bbox: WhereBoxOption = None,
    out: opt.PageOption = None,
    seed: SeedOption = "skyloom",
    as_json: opt.SummaryOption = False,
) -> None:
    """Look at one rule: what it decides and says, near misses; chips with --out."""
    from explore.printed_rules import print_preview
    from explore.rule_preview import CHIPS
    from explore.rule_preview import preview as look
    from skyloom.answers import print_json
    from skyloom.box import parse_area
    from skyloom.catalog import Catalog
    from skyloom.lake import Lake
    from skyloom.pages import write_page

    opened = Lake.open(lake)
    chips = CHIPS if out else 0
    catalog = Catalog.open(opened)
    box = parse_area(bbox) if bbox else None
    seen = look(catalog, opened.root, rule, box=box, chips=chips, seed=seed)
    page = write_page(out, seen.page()) if out else None
    if as_json:
        print_json(seen.summary())
    else:
        print_preview(seen, page)


@app.command()
def coverage(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    out: opt.PageOption = None,
    limit: MostOption = 20,
    as_json: opt.SummaryOption = False,
) -> None:
    """Look at all rules: undecided tags, rules without effect, shared words."""
    from explore.printed_rules import print_coverage
    from explore.rule_coverage import rule_coverage
    from skyloom.answers import print_json
    from skyloom.catalog import Catalog
    from skyloom.lake import Lake
    from skyloom.pages import write_page

    seen = rule_coverage(Catalog.open(Lake.open(lake)), most=limit)
    page = write_page(out, seen.page()) if out else None
    if as_json:
        print_json(seen.summary())
    else:
        print_coverage(seen, page)


@app.command()
def scorecard(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    source: Annotated[
        str | None, typer.Option("--source", help="one imagery source, by its code")
    ] = None,
    country: Annotated[
        str | None, typer.Option("--country", help="one country, as ISO 3166-1 alpha-2")
    ] = None,
    sort: Annotated[
        str, typer.Option("--sort", help="a column, or standing: the weakest first")
    ] = "standing",
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="how many rows are listed")
    ] = None,
    out: opt.PageOption = None,
    as_json: opt.SummaryOption = False,
) -> None:
    """See how each rule fares: its objects, scenes, images, and how right it is."""
    from explore.printed_scorecard import print_scorecard
    from explore.rule_scorecard import scorecard as look
    from skyloom.answers import print_json
    from skyloom.catalog import Catalog
    from skyloom.lake import Lake
    from skyloom.pages import write_page

    catalog = Catalog.open(Lake.open(lake))
    seen = look(catalog, source=source, country=country, sort=sort, most=limit)
    page = write_page(out, seen.page()) if out else None
    if as_json:
        print_json(seen.summary())
    else:
        print_scorecard(seen, page, most=limit)
