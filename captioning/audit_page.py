"""The page on which people grade a sample, by keyboard and without a network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from captioning.audit_sample import Sample
from skyloom.errors import SkyloomError
from skyloom.pages import page_templates, write_page

TEMPLATES = Path(__file__).parent / "templates"
# Larger pages keep their chips in a folder beside them.
MOST_BYTES = 10_000_000
# What a grade means, in the order of the keys 1 to 4.
GRADES = ("visible", "inferable", "cannot tell", "wrong")
_ABOUT = (
    "the image shows it",
    "the image does not show it, but lets one conclude it",
    "the image says neither yes nor no",
    "the image shows otherwise",
)


def write_audit_page(
    path: Path, sample: Sample, root: Path, *, most_bytes: int = MOST_BYTES
) -> Path:
    """Write the page and return its absolute path; chips are read below `root`.

    Chips of more than `most_bytes` together go into the folder `<page>_chips`.

    Raises:
        SkyloomError: a chip is missing, or something could not be written.
    """
    path = path.expanduser().absolute()
    chips = {
        unit.sha256: _read(root / unit.filepath, unit.image_id) for unit in sample.units
    }
    if sum(map(len, chips.values())) <= most_bytes:
        places = {
            sha256: f"data:image/jpeg;base64,{base64.b64encode(chip).decode()}"
            for sha256, chip in chips.items()
        }
    else:
        places = _write_chips(path.with_name(f"{path.stem}_chips"), chips)
    return write_page(path, render(sample, places))


def render(sample: Sample, places: Mapping[str, str]) -> str:
    """The page as HTML; `places` says by digest where each chip is."""
    shown = [
        {
            "image_id": unit.image_id,
            "key": unit.key,
            "value": unit.value,
            "rule_id": unit.rule_id,
            "source": unit.source,
            "stratum": unit.stratum,
            "n_stratum": unit.n_stratum,
            "words": unit.words,
            "role": unit.role,
            "caption": unit.caption,
            "chip": unit.sha256,
            "width": unit.width_px,
            "height": unit.height_px,
            "drawn": unit.drawn,
            "attribution": unit.attribution,
            "outline": unit.outline,
        }
        for unit in sample.units
    ]
    data = {"sample": sample.digest, "grades": GRADES, "units": shown, "chips": places}
    script = (TEMPLATES / "audit.js").read_text(encoding="utf-8")
    return (
        page_templates(TEMPLATES)
        .get_template("audit.html.j2")
        .render(
            sample=sample,
            grades=list(zip(GRADES, _ABOUT, strict=True)),
            data=_script_text(data),
            script=Markup(script),  # noqa: S704 (a file of this project)
            # The one script that the page's policy lets run.
            script_digest=base64.b64encode(
                hashlib.sha256(script.encode()).digest()
            ).decode(),
        )
    )


def _script_text(data: object) -> Markup:
    """JSON that ends no script element, whatever is in it."""
    text = json.dumps(data, separators=(",", ":"))
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)  # noqa: S704 (no letter of markup is left)


def _read(path: Path, image_id: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SkyloomError(
            f"the chip of {image_id} cannot be read ({error.strerror})",
            where=str(path),
            remedy="run `skyloom fetch`",
        ) from None


def _write_chips(folder: Path, chips: Mapping[str, bytes]) -> dict[str, str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for sha256, chip in chips.items():
            (folder / f"{sha256}.jpg").write_bytes(chip)
    except OSError as error:
        raise SkyloomError(
            f"the page's chips could not be written ({error.strerror})",
            where=str(folder),
            remedy="free some space or name another file",
        ) from None
    return {sha256: f"{folder.name}/{sha256}.jpg" for sha256 in chips}
