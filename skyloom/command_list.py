"""The commands in the order of --help, and what says that one's stage is not here."""

from typing import Any

import typer
from typer.core import TyperGroup

from skyloom.complaint import NO_STAGES
from skyloom.errors import UsageError

# The stage that brings a command; "" for the spine's own and the roof's chains.
COMMANDS = {
    "load": "load",
    "diff": "",
    "build": "",
    "fetch": "",
    "merge": "",
    "plan": "extract",
    "run": "",
    "doctor": "",
    "demo": "",
    "train": "train",
    "report": "explore",
    "explore": "explore",
    "explain": "explore",
    "polish": "captioning",
    "embed": "captioning",
    "score": "captioning",
    "classify": "captioning",
    "eval": "eval",
    "import": "load",
    "rules": "explore",
    "audit": "captioning",
    "tags": "captioning",
    "export": "",
    "query": "",
    "tables": "",
    "describe": "",
    "config": "",
    "catalog": "",
}


class InOrder(TyperGroup):
    """Lists its commands in the one order, wherever they came from."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the commands that there are."""
        return [name for name in COMMANDS if name in self.commands]


def stand_in(app: typer.Typer, name: str) -> None:
    """Put a command in place of one whose stage is absent; it says so."""

    @app.command(
        name,
        help="Works in a checkout of Skyloom only.",
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )
    def say() -> None:
        raise UsageError(NO_STAGES)
