"""The commands that show a lake: `skyloom report`, `explore` and `explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from explore import rule_commands
from skyloom import options as opt

app = typer.Typer()
app.add_typer(rule_commands.app, name="rules")

EXPLORER_PORT = 8765

ReportOption = Annotated[
    Path | None, typer.Option("--out", help="the file (default: in the lake)")
]
ChipsOption = Annotated[int, typer.Option(help="chips in the gallery", min=0)]
PortOption = Annotated[
    int, typer.Option(min=0, max=65535, help="0 takes one that is free")
]
NoBrowserOption = Annotated[
    bool, typer.Option("--no-browser", help="only print the address")
]
HostOption = Annotated[str, typer.Option(help="the address to listen on")]
AllowRemoteOption = Annotated[
    bool, typer.Option("--allow-remote", help="let others reach it, with a token")
]
TokenOption = Annotated[
    str | None,
    typer.Option(
        envvar="SKYLOOM_TOKEN", help="what others must bring (default: by chance)"
    ),
]
SceneArgument = Annotated[
    str, typer.Argument(metavar="ID", help="an image_id or a scene_id")
]
OneStyleOption = Annotated[
    str | None, typer.Option("--style", help="one caption style (default: all)")
]


@app.command()
def report(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    out: ReportOption = None,
    chips: ChipsOption = 60,
) -> None:
    """Write the data set's report: one HTML file that opens anywhere."""
    from explore.report import write_report
    from skyloom.lake import Lake

    print(write_report(Lake.open(lake), out, chips=chips))


@app.command()
def explore(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    port: PortOption = EXPLORER_PORT,
    no_browser: NoBrowserOption = False,
    host: HostOption = "127.0.0.1",
    allow_remote: AllowRemoteOption = False,
    token: TokenOption = None,
) -> None:
    """Serve the explorer: gallery, map, rules, quality, builds and SQL in a browser."""
    from explore.web.serve import Door, serve
    from skyloom.lake import Lake

    door = Door(host, port, allow_remote, token)
    serve(Lake.open(lake), door, browser=not no_browser)


@app.command()
def explain(
    name: SceneArgument,
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    style: OneStyleOption = None,
    as_json: opt.SummaryOption = False,
) -> None:
    """Say why a scene's captions say what they say, and what they leave out."""
    from explore.explain import explain as look
    from explore.printed_captions import print_explanation
    from skyloom.answers import print_json
    from skyloom.catalog import Catalog
    from skyloom.lake import Lake

    explanation = look(Catalog.open(Lake.open(lake)), name, style=style)
    if as_json:
        print_json(explanation.summary())
    else:
        print_explanation(explanation)
