"""The command `skyloom eval`: which model, on which benchmarks, and where it ends."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.compare import Line
from eval.curve import curve_of
from eval.evaluate import evaluate
from eval.folders import find_tasks
from eval.known import Checkpoint
from eval.order import Order, request_of
from eval.own import lake_tasks
from eval.plain import Evaluation, as_json
from eval.report import write_reports
from eval.tasks import Missing, Task
from eval.vectors import Store
from skyloom import progress
from skyloom.answers import print_table
from skyloom.clip_models import ClipModel, load_clip
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake

COLUMNS = (
    *("benchmark", "figure", "expected", "measured", "difference"),
    *("interval", "strict", "chance", "images"),
)


def run(order: Order) -> tuple[Evaluation, list[Path]]:
    """Evaluate, and write the reports.

    What is wrong with the benchmarks is found before the model is loaded.

    Raises:
        SkyloomError: no benchmark could be evaluated, or a step failed.
        UsageError: a flag, a benchmark or the checkpoint is not what it should be.
    """
    request, checkpoint = request_of(order)
    lake = Lake.open(order.lake) if order.lake else None
    tasks, missing = _tasks(order, lake)
    for one in missing:
        progress.say(f"missing: {one.line()}")
    if not tasks:
        raise SkyloomError(
            "there is nothing to evaluate",
            where=str(order.benchmarks or order.skyscript or order.lake),
            remedy=missing[0].line() if missing else "name a folder of benchmarks",
        )
    clip = load_clip(request)
    store = Store.open(_cache(order, lake), clip)
    results = []
    for task in tasks:
        try:
            results.append(evaluate(task, clip, store, order.machine))
        except SkyloomError as error:
            # One benchmark without its images stops none of the others.
            missing.append(Missing(task.benchmark, error.sentence()))
            progress.say(f"missing: {missing[-1].line()}")
    if not results:
        raise SkyloomError(
            f"no benchmark could be evaluated ({missing[-1].why})",
            remedy="put the images where the benchmark's files say",
        )
    done = Evaluation(
        model=_about(clip, checkpoint),
        published_as=checkpoint.published_as if checkpoint else None,
        results=tuple(results),
        missing=tuple(missing),
        curve=curve_of(order.checkpoint),
    )
    return done, write_reports(_out(order, lake, clip), done)


def print_evaluation(done: Evaluation, files: Sequence[Path]) -> None:
    """The main figures as a table, and where the reports are."""
    print_table(COLUMNS, [_cells(line) for line in done.lines])
    if middle := done.mean:
        whole = "all" if middle.is_whole else f"{len(middle.names)} of"
        print(
            f"mean top-1 over {whole} {middle.n_all} scene benchmarks: "
            f"{middle.measured:.2f}"
            + (f", expected {middle.expected:.2f}" if middle.expected else "")
            + f", strict {middle.strict:.2f}"
        )
    print(f"\nreport   {files[0]}")


def summary(done: Evaluation, files: Sequence[Path]) -> dict[str, Any]:
    """The same for programs."""
    return as_json(done) | {"files": [str(file) for file in files]}


def _tasks(order: Order, lake: Lake | None) -> tuple[list[Task], list[Missing]]:
    tasks: list[Task] = []
    missing: list[Missing] = []
    if order.benchmarks or order.skyscript:
        tasks, missing = find_tasks(order.benchmarks, order.skyscript, order.only)
    if lake:
        own, without = lake_tasks(
            lake, splits=order.splits, style=order.style, only=order.only
        )
        tasks, missing = [*tasks, *own], [*missing, *without]
    names = {one.benchmark.name for one in tasks}
    names |= {one.benchmark.name for one in missing}
    if unknown := [name for name in order.only if name not in names]:
        raise UsageError(
            f"there is no benchmark {unknown[0]!r}",
            remedy=f"those there are: {', '.join(sorted(names)) or 'none'}",
        )
    return tasks, missing


def _about(clip: ClipModel, checkpoint: Checkpoint | None) -> dict[str, Any]:
    return {
        "label": clip.label,
        "name": clip.name,
        "digest": clip.digest,
        "weights": clip.checkpoint or clip.pretrained,
        "checkpoint": checkpoint.name if checkpoint else None,
        "quick_gelu": bool(clip.model_cfg.get("quick_gelu")),
        "precision": clip.precision,
        "device": clip.device,
    }


def _cache(order: Order, lake: Lake | None) -> Path:
    if order.cache:
        return order.cache
    if lake:
        return lake.root / "eval" / "vectors"
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "skyloom" / "vectors"


def _out(order: Order, lake: Lake | None, clip: ClipModel) -> Path:
    if order.out:
        return order.out
    return (lake.root / "eval" if lake else Path("eval-reports")) / clip.label


def _cells(line: Line) -> list[str]:
    def number(value: float | None, form: str = ".2f") -> str:
        return "" if value is None or value != value else format(value, form)

    name = f"{line.benchmark} (in-domain)" if line.in_domain else line.benchmark
    return [
        name,
        line.figure,
        number(line.expected),
        number(line.measured),
        number(line.difference, "+.2f"),
        f"{number(line.low)} to {number(line.high)}",
        number(line.strict),
        number(line.chance),
        f"{line.n_images:,}",
    ]
