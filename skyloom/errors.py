"""What Skyloom says when it cannot go on: what happened, where, and the remedy."""

EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_PARTIAL = 3
EXIT_CREDENTIALS = 4


def printable(value: object) -> str:
    """A text without what a terminal would obey: tags and services may send escapes."""
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


class SkyloomError(Exception):
    """One sentence for a person; the command line prints it without a traceback.

    `where` names the file, row or object; `remedy` the next thing to do.
    """

    exit_code = EXIT_FAILURE

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        remedy: str = "",
        exit_code: int | None = None,
    ) -> None:
        self.what, self.where, self.remedy = what, where, remedy
        if exit_code is not None:
            self.exit_code = exit_code
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """Where, what and remedy on one line, whatever line breaks they held."""
        place = f"{self.where}: " if self.where else ""
        cure = f"; {self.remedy}" if self.remedy else ""
        return printable(" ".join(f"{place}{self.what}{cure}".split()))


class UsageError(SkyloomError):
    """A flag, a setting or an input that the user can correct."""

    exit_code = EXIT_USAGE


class CredentialsError(SkyloomError):
    """A service does not know the user, or does not let them in."""

    exit_code = EXIT_CREDENTIALS


class LakeBusyError(SkyloomError):
    """Another process is writing to the lake."""
