"""Weights of CLIP models from files that anyone may have made: tensors, and no code."""

from __future__ import annotations

import hashlib
import json
import pickle
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skyloom.errors import SkyloomError, UsageError

TENSORS = ".safetensors"
PICKLES = (".pt", ".pth", ".bin", ".ckpt")
# No model of open_clip is larger; a zip may promise any size.
MAX_BYTES = 64 << 30
CONFIG = "open_clip_config.json"
_REFUSED = re.compile(r"GLOBAL ([\w.]+)")


@dataclass(frozen=True)
class Weights:
    """A state dict, and what its file says of the model: open_clip's two objects."""

    tensors: dict[str, Any]
    model_cfg: Mapping[str, Any] = field(default_factory=dict)
    preprocess_cfg: Mapping[str, Any] = field(default_factory=dict)


def read_weights(path: Path) -> Weights:
    """Read a checkpoint: safetensors, PyTorch's own format, or a zip of one of them.

    `state_dict` around the tensors and `module.` before their names are taken off.
    What a file says of its model stands beside the tensors, in the metadata of
    safetensors, or in an open_clip_config.json next to the file.

    Raises:
        UsageError: there is no such file, it is damaged, it holds more than tensors,
            or a weight is no number.
    """
    if not path.is_file():
        raise UsageError(
            "there is no such checkpoint",
            where=str(path),
            remedy="name a .pt, .pth, .safetensors or .zip file",
        )
    with _unzipped(path) as file:
        safe = file.suffix.lower() == TENSORS
        content, said = _read_tensors(file, path) if safe else _read_pickle(file, path)
    tensors = _state_dict(content, path)
    said |= {
        key: content[key]
        for key in ("model_cfg", "preprocess_cfg")
        if isinstance(content.get(key), dict)
    }
    _check_numbers(tensors, path)
    return Weights(tensors, **(_sidecar(path) | said))


def weights_digest(tensors: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    """sha256 over names, types, shapes and bytes in order of names, and `about`.

    The same weights have one digest, whatever file they came in.
    """
    import torch

    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"\0{name} {tensor.dtype} {tuple(tensor.shape)}\0".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


@contextmanager
def _unzipped(path: Path) -> Iterator[Path]:
    """The file itself, or the one checkpoint inside of a zip archive."""
    if not zipfile.is_zipfile(path):
        yield path
        return
    try:
        with zipfile.ZipFile(path) as archive:
            files = [one for one in archive.infolist() if not one.is_dir()]
            # PyTorch's own format is a zip too.
            if any(one.filename.endswith("/data.pkl") for one in files):
                yield path
                return
            inside = [
                one
                for one in files
                if Path(one.filename).suffix.lower() in (TENSORS, *PICKLES)
                and not Path(one.filename).name.startswith(".")
            ]
            if len(inside) != 1:
                raise UsageError(
                    f"the archive holds {len(inside)} checkpoints, not one",
                    where=str(path),
                    remedy="unpack it and name the file",
                )
            if inside[0].file_size > MAX_BYTES:
                raise UsageError(
                    f"unpacks to {inside[0].file_size:,} bytes", where=str(path)
                )
            with tempfile.TemporaryDirectory(prefix="skyloom-") as folder:
                file = Path(folder, f"weights{Path(inside[0].filename).suffix}")
                with archive.open(inside[0]) as source, file.open("wb") as target:
                    shutil.copyfileobj(source, target, 1 << 24)
                yield file
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
        raise _damaged(path, error) from None
    except OSError as error:
        raise SkyloomError(
            f"could not be unpacked ({error.strerror})", where=str(path)
        ) from None


def _read_tensors(file: Path, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError:
        raise UsageError(
            "safetensors is not installed",
            where=str(path),
            remedy="run `make setup-clip`",
        ) from None
    try:
        with safe_open(file, framework="pt") as opened:
            content = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            metadata = opened.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise _damaged(path, error) from None
    said = {}
    for key in ("model_cfg", "preprocess_cfg"):
        try:
            value = json.loads(metadata.get(key, "null"))
        except ValueError:
            value = None
        if isinstance(value, dict):
            said[key] = value
    return content, said


def _read_pickle(file: Path, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    import torch

    try:
        # Tensors and plain values alone: a pickle that would run code is refused.
        content = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        found = _REFUSED.search(str(error))
        if not found:
            raise _damaged(path, error) from None
        raise UsageError(
            f"holds more than tensors ({found[1]}), which could run code",
            where=str(path),
            remedy="save its state_dict alone, or as safetensors, where you trust it",
        ) from None
    except Exception as error:
        if "TorchScript" in str(error):
            raise UsageError(
                "is a TorchScript archive, which is code",
                where=str(path),
                remedy="save its state_dict as safetensors, or use --pretrained",
            ) from None
        # torch raises nearly anything of a file that is none of its own.
        raise _damaged(path, error) from None
    if not isinstance(content, dict):
        raise UsageError("holds no state dict", where=str(path))
    return content, {}


def _state_dict(content: Mapping[str, Any], path: Path) -> dict[str, Any]:
    import torch

    inner = content.get("state_dict", content)
    if not isinstance(inner, dict) or not inner:
        raise UsageError("holds no state dict", where=str(path))
    others = [key for key, value in inner.items() if not torch.is_tensor(value)]
    if others or not all(isinstance(key, str) for key in inner):
        raise UsageError(
            f"holds no state dict: {others[0] if others else 'a name'!r} is no tensor",
            where=str(path),
            remedy="name the file that training saved, with a state_dict in it",
        )
    # As DistributedDataParallel names what it wraps.
    wrapped = all(key.startswith("module.") for key in inner)
    return {
        key.removeprefix("module.") if wrapped else key: inner[key] for key in inner
    }


def _check_numbers(tensors: Mapping[str, Any], path: Path) -> None:
    for name in sorted(tensors):
        one = tensors[name]
        if one.is_floating_point() and not bool(one.isfinite().all()):
            raise UsageError(
                f"weights of {name} are not finite numbers",
                where=str(path),
                remedy="take an earlier checkpoint of that training",
            )


def _sidecar(path: Path) -> dict[str, Any]:
    beside = path.with_name(CONFIG)
    if not beside.is_file():
        return {}
    try:
        said = json.loads(beside.read_text())
        return {
            key: said[key]
            for key in ("model_cfg", "preprocess_cfg")
            if isinstance(said.get(key), dict)
        }
    except (OSError, ValueError, AttributeError):
        raise UsageError("is not a model's JSON", where=str(beside)) from None


def _damaged(path: Path, error: Exception) -> UsageError:
    said = str(error).partition("\n")[0][:120] or type(error).__name__
    return UsageError(
        f"is no checkpoint, or a damaged one ({said})",
        where=str(path),
        remedy="fetch it again and compare its digest",
    )
