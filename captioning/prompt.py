"""What a model is sent: a versioned prompt, the facts, and what was wrong before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from captioning.facts import Facts
from captioning.polish_check import Fault
from skyloom.errors import UsageError

VERSION = "v1"
PARAMETERS: Mapping[str, Any] = {
    "temperature": 0,
    "max_tokens": 300,
    "response_format": {"type": "json_object"},
}
_FOLDER = Path(__file__).parent / "prompts"


@dataclass(frozen=True)
class Prompt:
    """A prompt for one model; what it asks for is known by model and identity."""

    model: str
    version: str
    system: str
    retry: str
    parameters: Mapping[str, Any]

    @property
    def identity(self) -> str:
        """The version and a digest of the texts and parameters."""
        parts = [self.system, self.retry, dict(self.parameters)]
        text = json.dumps(parts, sort_keys=True)
        return f"{self.version}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    def body(self, facts: Facts, refused: str = "", faults: str = "") -> dict[str, Any]:
        """A request for one caption; the second time with the refused reply."""
        messages = [
            {"role": "system", "content": self.system},
            {"role": "user", "content": facts.text},
        ]
        if faults:
            messages += [
                {"role": "assistant", "content": refused},
                {"role": "user", "content": self.retry.replace("{faults}", faults)},
            ]
        return {**self.parameters, "model": self.model, "messages": messages}


def read_prompt(
    model: str, version: str = VERSION, parameters: Mapping[str, Any] | None = None
) -> Prompt:
    """A prompt of captioning/prompts.

    Raises:
        UsageError: there is no such version.
    """
    versions = sorted(
        file.stem for file in _FOLDER.glob("*.txt") if "_" not in file.stem
    )
    if version not in versions:
        raise UsageError(
            f"there is no prompt {version!r}",
            remedy=f"the prompts are {', '.join(versions)}",
        )
    return Prompt(
        model,
        version,
        (_FOLDER / f"{version}.txt").read_text(encoding="utf-8").strip(),
        (_FOLDER / f"{version}_retry.txt").read_text(encoding="utf-8").strip(),
        PARAMETERS if parameters is None else parameters,
    )


def told(faults: tuple[Fault, ...]) -> str:
    """Faults as lines for the model."""
    return "\n".join(f"- {fault.said}" for fault in faults)
