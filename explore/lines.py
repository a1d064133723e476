"""Lines and tables on stdout.

Tags are text by anyone: each line goes through `printable`.
"""

from pathlib import Path

from skyloom.answers import print_table
from skyloom.errors import printable


def counted(n: int, what: str) -> str:
    """A number with what it counts, in the plural unless it is one."""
    return f"{n:,} {what}{'s' * (n != 1)}"


def table(names: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    """A table after a blank line; nothing where there are no rows."""
    if rows:
        print()
        print_table(names, rows)


def told_page(page: Path | None) -> None:
    """Where a page was written, if one was."""
    if page:
        say(f"\npage  {page}")


def say(line: str) -> None:
    """One line; line breaks at its start stay."""
    indent = len(line) - len(line.lstrip("\n"))
    print("\n" * indent + printable(line[indent:]))
