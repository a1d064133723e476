"""What a release is asked to be: everything that decides its bytes."""

import hashlib
import json
from dataclasses import asdict, dataclass

from skyloom.errors import UsageError

FORMATS = ("croissant", "huggingface", "skyscript", "stac", "webdataset")
# Goes up when the same order gives other files.
LAYOUT = 1
SHARD_ROWS = 10_000


@dataclass(frozen=True)
class Order:
    """Forms, style and choice of pairs.

    `where` is SQL over the columns of images, captions and scenes; `selection` names
    one of the seed, and no name takes every pair. `private` is for one's own use:
    nothing is left out for its terms. A shard holds `shard_rows` pairs at most.
    """

    formats: tuple[str, ...] = ("skyscript",)
    style: str = "skyscript"
    where: str = ""
    selection: str = ""
    private: bool = False
    pickles: bool = False
    shard_rows: int = SHARD_ROWS

    @property
    def writes_images(self) -> bool:
        """Whether the chips lie in the release as files of their own."""
        return bool({"skyscript", "stac"} & set(self.formats))

    def digest(self, run_id: str, since: str) -> str:
        """What tells this order of this catalog from any other; `since` likewise."""
        parts = {"layout": LAYOUT, "run_id": run_id, "since": since, **asdict(self)}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def parse_formats(text: str) -> tuple[str, ...]:
    """The forms of a flag, with commas between, each once and in one order.

    Croissant describes files of another form: alone, it brings Hugging Face's.

    Raises:
        UsageError: there is no such form.
    """
    names = {word.strip().lower() for word in text.split(",") if word.strip()}
    if not names or not names <= set(FORMATS):
        wrong = ", ".join(sorted(names - set(FORMATS))) or "nothing"
        raise UsageError(
            f"--format {wrong} is no form of a release",
            remedy=f"name one or more of {', '.join(FORMATS)}, with commas between",
        )
    if "croissant" in names and not names & {"huggingface", "skyscript"}:
        names.add("huggingface")
    return tuple(sorted(names))
