"""open_clip's own weights by their tag: from this machine's cache, else downloaded."""

from __future__ import annotations

import logging
import os
import socket
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from skyloom import progress
from skyloom.clip_config import Architecture
from skyloom.errors import SkyloomError, UsageError

TO_A_FILE = "point to a file of the weights with --checkpoint FILE"


def pretrained_file(
    architecture: Architecture, tag: str
) -> tuple[dict[str, Any], Path]:
    """What open_clip says of a tag, and the file of its weights on this machine.

    Raises:
        UsageError: the model has no such weights.
        SkyloomError: they are not here and cannot be downloaded.
    """
    from open_clip import pretrained as known

    name = architecture.name
    cfg = {} if architecture.file else known.get_pretrained_cfg(name, tag)
    if not cfg:
        tags = known.list_pretrained_tags_by_model(name)
        raise UsageError(
            f"{name} has no pretrained weights {tag!r}",
            remedy=f"name one of {', '.join(tags)}" if tags else TO_A_FILE,
        )
    try:
        with hushed():
            file = _cached(cfg) or _downloaded(cfg, name, tag)
    except Exception as error:
        # The hub's client raises its own kinds; each of them leaves no file.
        why = str(error).partition("\n")[0][:120]
        raise SkyloomError(
            f"the weights {tag} of {name} are not on this machine and cannot be "
            f"downloaded ({why})",
            remedy=TO_A_FILE,
        ) from None
    return dict(cfg), file


def at_hand(name: str, tag: str) -> bool:
    """Whether a model's pretrained weights are in this machine's cache."""
    from open_clip import pretrained as known

    with hushed():
        return _cached(known.get_pretrained_cfg(name, tag) or {}) is not None


def _downloaded(cfg: Mapping[str, Any], name: str, tag: str) -> Path:
    from open_clip.pretrained import download_pretrained

    hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    place = hub if cfg.get("hf_hub") else str(cfg.get("url", ""))
    # Asked first: the hub's client tries for a minute where there is no network.
    if not any(os.environ.get(key) for key in ("HTTPS_PROXY", "https_proxy")):
        socket.getaddrinfo(urlsplit(place).hostname, 443)
    progress.say(f"downloading the weights {tag} of {name}")
    return Path(download_pretrained(dict(cfg)))


def _cached(cfg: Mapping[str, Any]) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    repository, _, file = str(cfg.get("hf_hub", "")).rpartition("/")
    names = [file] if file else ["open_clip_model.safetensors"]
    for one in [*names, *([] if file else ["open_clip_pytorch_model.bin"])]:
        found = try_to_load_from_cache(repository, one) if repository else None
        if isinstance(found, str):
            return Path(found)
    return None


@contextmanager
def hushed() -> Iterator[None]:
    """Without the log lines and warnings of open_clip and the hub."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
