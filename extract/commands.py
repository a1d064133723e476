"""The command of the extraction that fetches nothing: `skyloom plan`."""

from __future__ import annotations

import typer

from skyloom import options as opt
from skyloom.flag_values import parse_codes

app = typer.Typer()


@app.command()
def plan(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    retry: opt.RetryOption = "",
    limit: opt.ChipLimitOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Say what a fetch would ask for: chips, requests, bytes, hours at the quota."""
    from extract.fetch_command import forecast
    from extract.fetch_report import check_reasons
    from skyloom.answers import print_forecast, print_json
    from skyloom.lake import Lake
    from skyloom.work import Job

    check_reasons(parse_codes(retry))
    rows = forecast(Lake.open(lake), Job(), retry, limit)
    if as_json:
        print_json(rows)
    else:
        print_forecast(rows)
