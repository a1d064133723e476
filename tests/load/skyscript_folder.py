"""A small folder as SkyScript publishes it."""

import io
import pickle
from pathlib import Path
from typing import Any

from PIL import Image

BOX = (8.8605, 47.6604, 8.8610, 47.6608)
TAGS = {"landuse": "recreation_ground"}


def jpeg(shade: int = 90, size: tuple[int, int] = (40, 36)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (shade, 120, 60)).save(buffer, "JPEG")
    return buffer.getvalue()


def put(folder: Path, name: str, part: int = 2, image: bytes | None = None) -> Path:
    """One image; its metadata is another matter."""
    path = folder / f"images{part}" / f"{name}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(jpeg() if image is None else image)
    return path


def put_meta(
    folder: Path, name: str, part: int = 2, raw: bytes | None = None, **fields: Any
) -> None:
    """Its metadata, as the published pickles are; `raw` are other bytes."""
    path = folder / f"meta{part}" / f"{name}.pickle"
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = {
        "bbox": BOX,
        "time": (2020, 4, 24, 0, 0),
        "center_tags": TAGS,
        "surrounding_tags": [{"highway": "secondary", "surface": "asphalt"}],
    } | fields
    meta = {key: value for key, value in meta.items() if value is not ...}
    path.write_bytes(pickle.dumps(meta) if raw is None else raw)


def put_pair(folder: Path, name: str, part: int = 2, **fields: Any) -> None:
    """An image and its metadata, as they should be."""
    put(folder, name, part)
    put_meta(folder, name, part, **fields)
