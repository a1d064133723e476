"""Names and texts that are safe where they stand: file names, CSV cells, Markdown."""

import hashlib
import re

FOLDERS = [f"images{number}" for number in range(2, 8)]
ODD = re.compile(r"[^A-Za-z0-9_-]")
CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
# What spreadsheets take for a formula.
FORMULA = ("=", "+", "-", "@")


def file_stem(image_id: str) -> str:
    """The id as a file name without a dot: other bytes as ~ and two hex digits.

    Two ids never have one name, and those of OpenStreetMap's objects stay as they are.
    """
    return ODD.sub(
        lambda found: "".join(f"~{byte:02X}" for byte in found[0].encode()), image_id
    )


def image_path(image_id: str) -> str:
    """Where a chip lies in a release: one of SkyScript's six folders, by a digest."""
    digest = int(hashlib.md5(image_id.encode()).hexdigest(), 16)
    return f"{FOLDERS[digest % len(FOLDERS)]}/{file_stem(image_id)}.jpg"


def csv_text(text: str | None) -> str | None:
    """A caption as a CSV cell: one line, and never a formula.

    A blank before what a spreadsheet would compute changes no token of a model.
    """
    if text is None:
        return None
    line = CONTROL.sub(" ", text)
    return f" {line}" if line.lstrip().startswith(FORMULA) else line


def table_cell(text: str | None) -> str:
    """A text as a cell of a Markdown table."""
    line = " ".join(CONTROL.sub(" ", text or "not stated").split())
    for mark, safe in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("`", "\\`")):
        line = line.replace(mark, safe)
    return line
