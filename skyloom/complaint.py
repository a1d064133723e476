"""What the command line says of an error: one line on stderr, and an exit code."""

import sys
import tempfile
import traceback

from skyloom.errors import EXIT_FAILURE, EXIT_USAGE, SkyloomError

STAGES = ("load", "extract", "captioning", "train", "eval", "explore", "sample")
NO_STAGES = (
    "this command works in a checkout of Skyloom only; the package alone has query, "
    "tables, describe, catalog, export and config"
)


def complain(error: Exception) -> int:
    """Say what went wrong, and return the exit code that tells it to programs.

    The traceback of a defect of ours goes to a temporary file that the line names.
    """
    if isinstance(error, SkyloomError):
        return _say(error.sentence(), error.exit_code)
    if isinstance(error, ModuleNotFoundError) and error.name in STAGES:
        return _say(NO_STAGES, EXIT_USAGE)
    said = " ".join(str(error).split())
    with tempfile.NamedTemporaryFile(
        "w", prefix="skyloom-", suffix=".txt", delete=False
    ) as file:
        traceback.print_exception(error, file=file)
    name = type(error).__name__
    return _say(
        f"unexpected {name}: {said}; please report it with {file.name}", EXIT_FAILURE
    )


def _say(sentence: str, code: int) -> int:
    print(f"skyloom: {sentence}", file=sys.stderr)
    return code
