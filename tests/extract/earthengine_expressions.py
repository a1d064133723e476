"""Expression graphs of the client -> pixels; no more of them than its tests send."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from PIL import Image

from tests.extract.earthengine_assets import Array, Pixels, Store
from tests.extract.earthengine_faults import ServiceError

MAX_BYTES, MAX_SIDE = 50_331_648, 32_768
Reader = Callable[[Pixels], tuple[Array, Array]]


@dataclass(frozen=True)
class Picture:
    """An image: for each band its type, and what reads its values and mask."""

    bands: dict[str, tuple[Any, Reader]]

    def select(self, names: Sequence[str]) -> "Picture":
        for name in names:
            if not self.bands:
                said = f"Band pattern '{name}' was applied to an Image with no bands."
                raise refused(f"Image.select: {said}")
            if name not in self.bands:
                available = f"Available bands: [{', '.join(self.bands)}]"
                said = f"Band pattern '{name}' did not match any bands. {available}"
                raise refused(f"Image.select: {said}")
        return Picture({name: self.bands[name] for name in names})


def refused(message: str) -> ServiceError:
    return ServiceError(400, message, "INVALID_ARGUMENT")


def load(store: Store, asset: str) -> Picture:
    return Picture(
        {
            name: (np.dtype(raster.dtypes[band - 1]), partial(raster.read, band))
            for name, (raster, band) in store.bands(asset).items()
        }
    )


def mosaic(pictures: Sequence[Picture]) -> Picture:
    """Each picture over those before it."""
    if not pictures:
        return Picture({})
    names = pictures[0].bands

    def read(name: str, where: Pixels) -> tuple[Array, Array]:
        values, mask = pictures[0].bands[name][1](where)
        for picture in pictures[1:]:
            over, seen = picture.bands[name][1](where)
            values, mask = np.where(seen, over, values), mask | seen
        return values, mask

    return Picture({name: (names[name][0], partial(read, name)) for name in names})


def visualize(picture: Picture, low: float, high: float) -> Picture:
    """Values between two bounds as bytes."""

    def read(reader: Reader, where: Pixels) -> tuple[Array, Array]:
        values, mask = reader(where)
        share = (values.astype(float) - low) / (high - low)
        return (share.clip(0, 1) * 255).astype(np.uint8), mask

    names = [f"vis-{name}" for name in ("red", "green", "blue")]
    readers = [reader for _, reader in picture.bands.values()]
    return Picture(
        {
            name: (np.dtype(np.uint8), partial(read, reader))
            for name, reader in zip(names, readers, strict=True)
        }
    )


class Evaluator:
    """One graph: `{"result": key, "values": {key: node}}`."""

    def __init__(self, store: Store, graph: dict[str, Any]) -> None:
        self._store, self._nodes = store, graph["values"]
        self.result = self._value({"valueReference": graph["result"]})

    def _value(self, node: dict[str, Any]) -> Any:
        ((kind, held),) = node.items()
        match kind:
            case "valueReference":
                return self._value(self._nodes[held])
            case "constantValue":
                return held
            case "integerValue":
                return int(held)
            case "arrayValue":
                return [self._value(one) for one in held.get("values", ())]
            case "functionInvocationValue":
                given = held["arguments"].items()
                arguments = {key: self._value(one) for key, one in given}
                return self._call(held["functionName"], arguments)
        raise refused(f"node {kind} is not known here")

    def _call(self, function: str, given: dict[str, Any]) -> Any:
        match function:
            case "Image.load":
                return load(self._store, given["id"])
            case "ImageCollection.load":
                members = self._store.members(given["id"])
                return [load(self._store, asset) for asset in members]
            case "ImageCollection.fromImages":
                return given["images"]
            case "ImageCollection.mosaic":
                return mosaic(given["collection"])
            case "Collection.first":
                first = given["collection"][:1]
                return first[0] if first else None
            case "Collection.size":
                return len(given["collection"])
            case "Image.select":
                if given["input"] is None:
                    said = "Parameter 'input' is required and may not be null."
                    raise refused(f"Image.select: {said}")
                return given["input"].select(given["bandSelectors"])
            case "Image.visualize":
                picture = given["image"].select(given["bands"])
                return visualize(picture, given["min"], given["max"])
        raise refused(f"function {function} is not known here")


def render(picture: Picture, wanted: dict[str, Any]) -> tuple[bytes, str]:
    """The body and the type of a getPixels or computePixels answer."""
    if wanted.get("bandIds"):
        picture = picture.select(wanted["bandIds"])
    where = _pixels(wanted["grid"])
    kinds = [(name, kind) for name, (kind, _) in picture.bands.items()]
    dtype = np.dtype(kinds)
    size = where.width * where.height * dtype.itemsize
    if size > MAX_BYTES:
        limit = f"must be less than or equal to {MAX_BYTES} bytes."
        raise refused(f"Total request size ({size} bytes) {limit}")
    if max(where.width, where.height) > MAX_SIDE:
        raise refused(f"Pixel grid dimensions exceed {MAX_SIDE}.")
    fields = np.empty((where.height, where.width), dtype)
    for name, (_, reader) in picture.bands.items():
        fields[name] = reader(where)[0]
    body = io.BytesIO()
    match wanted.get("fileFormat"):
        case "NPY":
            np.save(body, fields)
            return body.getvalue(), "application/octet-stream"
        case "PNG":
            stacked = np.dstack([fields[name] for name in picture.bands])
            Image.fromarray(stacked).save(body, "png")
            return body.getvalue(), "image/png"
    raise refused(f"format {wanted.get('fileFormat')} is not known here")


def _pixels(grid: dict[str, Any]) -> Pixels:
    from affine import Affine

    step, size = grid["affineTransform"], grid["dimensions"]
    names = ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")
    transform = Affine(*(step.get(name, 0.0) for name in names))
    crs = grid.get("crsCode") or grid["crsWkt"]
    return Pixels(crs, transform, size["width"], size["height"])
