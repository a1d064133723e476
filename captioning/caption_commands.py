"""The commands that word captions and grade them: `skyloom polish` and `audit`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from skyloom import options as opt
from skyloom import progress
from skyloom.errors import EXIT_PARTIAL
from skyloom.flag_values import parse_object

app = typer.Typer()
audit_app = typer.Typer(no_args_is_help=True, help="Let people grade what is said.")
app.add_typer(audit_app, name="audit")

KEY_VARIABLE = "OPENAI_API_KEY"


class PolishBackend(StrEnum):
    """Where `skyloom polish` asks."""

    OPENAI = "openai"
    BATCH = "batch"


PolishBackendOption = Annotated[
    PolishBackend,
    typer.Option("--backend", help="an OpenAI-compatible endpoint, or batch files"),
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option("--base-url", help="the endpoint, as in http://localhost:8000/v1"),
]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="the model, as the endpoint names it")
]
PolishLimitOption = Annotated[
    int | None, typer.Option("--limit", min=1, help="at most so many sets of facts")
]
AllScenesOption = Annotated[
    bool, typer.Option("--all-scenes", help="also scenes without an image")
]
ConcurrencyOption = Annotated[
    int, typer.Option(min=1, max=256, help="questions at one time")
]
PerMinuteOption = Annotated[
    float | None, typer.Option(min=0.01, help="at most so many requests a minute")
]
KeyVariableOption = Annotated[
    str, typer.Option(help="the environment variable that holds the endpoint's key")
]
PromptOption = Annotated[
    str, typer.Option("--prompt", help="a version in captioning/prompts")
]
ParametersOption = Annotated[
    str | None,
    typer.Option(help="a JSON object to send in place of the default parameters"),
]
BatchOutOption = Annotated[
    Path | None, typer.Option("--out", help="batch: write the requests to this file")
]
ResultsOption = Annotated[
    Path | None, typer.Option("--results", help="batch: read this file of results")
]
PriceInOption = Annotated[
    float | None, typer.Option(min=0, help="price of a million tokens sent")
]
PriceOutOption = Annotated[
    float | None, typer.Option(min=0, help="price of a million tokens answered")
]
RatesOption = Annotated[
    bool, typer.Option("--report", help="say why answers were refused; ask nothing")
]
AuditPageOption = Annotated[
    Path | None,
    typer.Option("--out", help="the page (default: audit.html in the lake)"),
]
AuditSizeOption = Annotated[
    int, typer.Option("--n", min=1, help="how many pairs, at most")
]
AuditSeedOption = Annotated[
    str, typer.Option("--seed", help="another text draws other pairs")
]
GradesArgument = Annotated[
    list[Path],
    typer.Argument(readable=False, help="files that the audit page downloaded"),
]
OnlyReportOption = Annotated[
    bool, typer.Option("--only-report", help="write nothing into the lake")
]


@app.command()
def polish(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    backend: PolishBackendOption = PolishBackend.OPENAI,
    base_url: BaseUrlOption = None,
    model: ModelOption = None,
    style: opt.StyleOption = "skyscript",
    limit: PolishLimitOption = None,
    all_scenes: AllScenesOption = False,
    concurrency: ConcurrencyOption = 4,
    per_minute: PerMinuteOption = None,
    key_variable: KeyVariableOption = KEY_VARIABLE,
    prompt: PromptOption = "v1",
    parameters: ParametersOption = None,
    out: BatchOutOption = None,
    results: ResultsOption = None,
    price_in: PriceInOption = None,
    price_out: PriceOutOption = None,
    report: RatesOption = False,
    as_json: opt.SummaryOption = False,
    quiet: opt.QuietOption = False,
) -> None:
    """Let a language model word captions, checked; the next build takes them."""
    from captioning import polish_command as command
    from skyloom.answers import print_json, print_rates
    from skyloom.lake import Lake
    from skyloom.settings import read_settings
    from skyloom.work import at_work

    progress.be_quiet(quiet)
    if report:
        rates = command.report(Lake.open(lake))
        print_json(rates) if as_json else print_rates(rates)
        return
    example = '{"max_completion_tokens": 300}'
    order = command.Order(
        model=model or "",
        style=style,
        prompt=prompt,
        parameters=parse_object(parameters, "--parameters", example)
        if parameters
        else None,
        limit=limit,
        all_scenes=all_scenes,
        prices=(price_in, price_out),
    )
    way: command.Way = (
        command.Files(out, results)
        if backend == PolishBackend.BATCH
        else command.Service(base_url or "", key_variable, concurrency, per_minute)
    )
    command.check(order, way)
    with at_work(lake) as (opened, log):
        done = command.run(opened, read_settings(opened), order, way)
        log("polished", **done.summary())
    if as_json:
        print_json(done.summary())
    else:
        print(done)
    if done.is_partial:
        raise typer.Exit(EXIT_PARTIAL)


@audit_app.command("sample")
def sample_audit(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    out: AuditPageOption = None,
    n: AuditSizeOption = 1000,
    seed: AuditSeedOption = "skyloom",
    selection: opt.SelectionOption = "all",
    style: opt.StyleOption = "skyscript",
) -> None:
    """Draw image-tag pairs by strata into a page to grade with the keyboard."""
    from captioning import audit_command as command
    from skyloom.lake import Lake

    opened = Lake.open(lake)
    print(command.sample(opened, out, n=n, seed=seed, selection=selection, style=style))


@audit_app.command("report")
def report_audit(
    files: GradesArgument,
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    only_report: OnlyReportOption = False,
    as_json: opt.SummaryOption = False,
) -> None:
    """Say how accurate the tags are by what people graded; keep it in the lake."""
    from dataclasses import asdict

    from captioning import audit_command as command
    from skyloom.answers import print_json
    from skyloom.work import at_work

    grades = command.read_grades(files)
    imported: list[Path] = []
    if not only_report:
        with at_work(lake) as (opened, log):
            imported = command.import_grades(opened, grades)
            log("grades imported", files=len(imported))
    found = command.report(grades)
    print_json(asdict(found)) if as_json else command.print_report(found, imported)
