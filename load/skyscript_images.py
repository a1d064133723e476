"""One published image: looked at, and put into the lake, or refused with a reason."""

import hashlib
import io
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from load.skyscript_meta import BadMetaError, Meta, parse_meta
from load.skyscript_names import NAME, ImageFile
from load.skyscript_pickle import MOST_BYTES, RefusedPickleError, read_plain
from load.skyscript_records import Records
from skyloom.errors import printable
from skyloom.lake import Lake

RECIPE = "published"
"""The recipe of images that others have made."""
MOST_IMAGE_BYTES = 2**26
MOST_PIXELS = 2**26
MODES = ("RGB", "L")


@dataclass(frozen=True)
class Reader:
    """What is needed to take images in: where to, and what is known of them."""

    lake: Lake
    sources: frozenset[str]
    records: Records

    def row(self, file: ImageFile) -> Mapping[str, Any]:
        """A row of images, or one of rejects with a `reason`."""
        about = {"folder": file.folder.name, "image_name": printable(file.stem)}
        try:
            return about | self._image(file)
        except BadMetaError as bad:
            return about | {"reason": bad.reason, "detail": printable(bad.detail)}

    def _image(self, file: ImageFile) -> dict[str, Any]:
        named = NAME.fullmatch(file.stem)
        if not named or not file.name.endswith(".jpg"):
            raise BadMetaError("name", f"{file.name:.100} is no published name")
        source, year = named[2], named[3]
        meta = parse_meta(self._record(file), year)
        if source not in self.sources and not (meta.license and meta.attribution):
            raise BadMetaError("source", f"{source} is no code of imagery_sources.csv")
        data = _read(file.path, file.size)
        width, height = _size(data)
        sha256 = hashlib.sha256(data).hexdigest()
        request_id = _request_id(meta, source, sha256)
        return {
            "source": source,
            "filepath": self._keep(file, source, request_id, data),
            "sha256": sha256,
            "n_bytes": len(data),
            "request_id": request_id,
            "width_px": width,
            "height_px": height,
            **dict(zip(("west", "south", "east", "north"), meta.box, strict=True)),
            "acquired": meta.acquired,
            "acquired_precision": meta.precision,
            "center_tags": meta.center_tags,
            "surrounding_tags": meta.surrounding_tags,
            "license": meta.license,
            "attribution": meta.attribution,
            "drawn": meta.drawn,
        }

    def _record(self, file: ImageFile) -> object:
        if file.meta_state[0] < 0:
            record = self.records.find(file.stem)
            if record is None:
                raise BadMetaError("no_meta", "no metadata of that name")
            return record
        if file.meta_state[0] > MOST_BYTES:
            raise BadMetaError("meta_damaged", f"it has {file.meta_state[0]} bytes")
        try:
            return read_plain(file.meta.read_bytes())
        except RefusedPickleError as refused:
            raise BadMetaError("meta_damaged", str(refused)) from None
        except OSError as error:
            raise BadMetaError("meta_damaged", error.strerror or "unread") from None

    def _keep(self, file: ImageFile, source: str, request_id: str, data: bytes) -> str:
        """The path in the lake; the same bytes are linked, not stored twice."""
        name = f"{file.stem}_{request_id[:6]}.jpg"
        path = f"images/{source}/{request_id[:2]}/{name}"
        target = self.lake.root / path
        if target.is_file() and target.stat().st_size == len(data):
            return path
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{name}.part")
        part.unlink(missing_ok=True)
        try:
            os.link(file.path.resolve(), part)
        except OSError:
            # Another file system, or one without links.
            shutil.copyfile(file.path, part)
        part.replace(target)
        # A rename onto a link to the same file leaves both.
        part.unlink(missing_ok=True)
        return path


def _read(path: Path, size: int) -> bytes:
    if size > MOST_IMAGE_BYTES:
        raise BadMetaError("image_damaged", f"it has {size} bytes")
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadMetaError("image_damaged", error.strerror or "unread") from None


def _size(data: bytes) -> tuple[int, int]:
    """Width and height of a JPEG that can be read to its end."""
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
            if image.width * image.height > MOST_PIXELS or image.mode not in MODES:
                raise BadMetaError(
                    "image_damaged", f"{image.width} x {image.height} {image.mode}"
                )
            image.load()
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        said = "no JPEG" if "cannot identify" in str(error) else str(error)[:100]
        raise BadMetaError("image_damaged", said) from None


def _request_id(meta: Meta, source: str, sha256: str) -> str:
    box = ",".join([*(f"{side:.7f}" for side in meta.box), source])
    text = " ".join([hashlib.md5(box.encode()).hexdigest(), sha256, RECIPE])
    return hashlib.md5(text.encode()).hexdigest()
