"""The trained classifier as a file: arrays and a JSON text in one .npz, no pickle."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from captioning.tag_classifier import Choice, Linear, TagModel
from captioning.tag_labels import GSD_CLASSES
from skyloom.errors import SkyloomError

FORMAT = 1
STAGES = ("shows", "coarsest")
ARRAYS = ("weights", "biases", "classes")


@dataclass(frozen=True)
class Trained:
    """A model and where it comes from."""

    model: TagModel
    backend: str
    identity: str  # of the backend
    labels: str  # digest of the labels
    shows: Choice
    coarsest: Choice


def save(trained: Trained, path: Path) -> str:
    """Write a model, whole or not at all, and return its name: backend and digest.

    The same model gives the same bytes.

    Raises:
        SkyloomError: the file could not be written.
    """
    arrays = _arrays(trained.model)
    about = {
        "format": FORMAT,
        "backend": trained.backend,
        "identity": trained.identity,
        "labels": trained.labels,
        "shows": asdict(trained.shows),
        "coarsest": asdict(trained.coarsest),
        "gsd_classes_m": GSD_CLASSES,
        "arrays": _digest(arrays),
    }
    text = json.dumps(about, sort_keys=True).encode()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.savez(file, about=np.frombuffer(text, np.uint8), **arrays)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SkyloomError(
            f"the model could not be written ({error.strerror})", where=str(path)
        ) from None
    return model_name(trained.backend, path)


def load(path: Path) -> tuple[Trained, str]:
    """A model and its name.

    Raises:
        SkyloomError: there is no model, or the file is not one that `save` wrote.
    """
    if not path.is_file():
        raise SkyloomError(
            "no tag classifier is trained in this lake",
            where=str(path),
            remedy="run `skyloom tags train`",
        )
    try:
        # Pickled objects, which could run code, are refused.
        with np.load(path, allow_pickle=False) as file:
            content = {name: file[name] for name in file.files}
        about = json.loads(content.pop("about").tobytes())
        if about["format"] != FORMAT or about["arrays"] != _digest(content):
            raise ValueError("its arrays are not those that were written")
        if tuple(about["gsd_classes_m"]) != GSD_CLASSES:
            raise ValueError("it knows other resolutions")
        shows, coarsest = (
            Linear(*(content[f"{stage}_{array}"] for array in ARRAYS))
            for stage in STAGES
        )
        trained = Trained(
            TagModel(shows, coarsest),
            str(about["backend"]),
            str(about["identity"]),
            str(about["labels"]),
            Choice(**about["shows"]),
            Choice(**about["coarsest"]),
        )
    except (
        *(OSError, EOFError, ValueError),
        *(KeyError, TypeError, zipfile.BadZipFile),
    ) as error:
        said = str(error).partition("\n")[0]
        raise SkyloomError(
            f"this is no tag classifier ({said})",
            where=str(path),
            remedy="run `skyloom tags train`",
        ) from None
    return trained, model_name(trained.backend, path)


def model_name(backend: str, path: Path) -> str:
    """The backend and the first digits of the file's digest."""
    return f"{backend}-{sha256(path.read_bytes()).hexdigest()[:12]}"


def _arrays(model: TagModel) -> dict[str, Any]:
    return {
        f"{stage}_{array}": getattr(getattr(model, stage), array)
        for stage in STAGES
        for array in ARRAYS
    }


def _digest(arrays: dict[str, Any]) -> str:
    digest = sha256()
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
