"""What a CLIP model is and how it wants its images: open_clip's two JSON objects."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skyloom.errors import UsageError

NEEDED = ("embed_dim", "vision_cfg", "text_cfg")
PREPROCESSING = ("mean", "std", "interpolation", "resize_mode", "fill_color")


@dataclass(frozen=True)
class Architecture:
    """A model without weights; `preprocess_cfg` has only what is stated.

    `file` is the JSON that it was read from; null for one of open_clip's own.
    """

    name: str
    model_cfg: dict[str, Any]
    preprocess_cfg: dict[str, Any] = field(default_factory=dict)
    file: Path | None = None


def read_architecture(name: str) -> Architecture:
    """A model by open_clip's name, or by a JSON file of open_clip's form.

    Raises:
        UsageError: neither is known under the name.
    """
    if name.endswith(".json"):
        return _read_file(Path(name))
    import open_clip

    cfg = open_clip.get_model_config(name)
    if cfg is None:
        raise UsageError(
            f"open_clip knows no model {name!r}",
            remedy=f"{_near(name)}, or a .json file of its form",
        )
    return Architecture(name, deepcopy(cfg))


def with_gelu(
    architecture: Architecture,
    forced: bool,
    tag: Mapping[str, Any],
    said: Mapping[str, Any],
) -> dict[str, Any]:
    """The model's configuration with the activation that its weights were made with.

    The flag decides, then the pretrained tag, then the checkpoint's own words: weights
    fit either activation, so a wrong one is noticed nowhere else.
    """
    cfg = dict(architecture.model_cfg)
    if "quick_gelu" in tag:
        quick = bool(tag["quick_gelu"]) or bool(cfg.get("quick_gelu"))
    else:
        quick = bool(said.get("quick_gelu", cfg.get("quick_gelu", False)))
    return cfg | {"quick_gelu": forced or quick}


def preprocessing(
    architecture: Architecture,
    tag: Mapping[str, Any],
    said: Mapping[str, Any],
    where: str,
) -> tuple[dict[str, Any], list[str]]:
    """How images are made ready, and what the checkpoint changed in that.

    What the model's JSON or the pretrained tag states holds, and a checkpoint that
    says otherwise is refused. Where neither states a thing, the checkpoint's word goes
    before open_clip's default.

    Raises:
        UsageError: two of them contradict each other.
    """
    from open_clip.transform import PreprocessCfg

    stated = _only(architecture.preprocess_cfg) | _only(tag)
    found = _plain(vars(PreprocessCfg())) | stated
    changed = []
    for key, value in sorted(_only(said).items()):
        if value == found[key]:
            continue
        if key in stated:
            raise UsageError(
                f"the checkpoint says {key} {value}, the model {found[key]}",
                where=where,
                remedy="name the model that the checkpoint was made with",
            )
        changed.append(f"{key} {value}")
        found[key] = value
    _check_size(architecture.model_cfg, said, where)
    return {key: found[key] for key in PREPROCESSING}, changed


def _check_size(cfg: Mapping[str, Any], said: Mapping[str, Any], where: str) -> None:
    size, own = said.get("size"), cfg["vision_cfg"].get("image_size", 224)
    if size and _pair(size) != _pair(own):
        raise UsageError(
            f"the checkpoint is for images of {size} pixels, the model for {own}",
            where=where,
            remedy="name the model that the checkpoint was made with",
        )


def _only(cfg: Mapping[str, Any]) -> dict[str, Any]:
    plain = _plain(cfg)
    return {key: plain[key] for key in PREPROCESSING if plain.get(key) is not None}


def _plain(cfg: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON has it, with tuples as lists."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(cfg), default=str))
    return plain


def _pair(size: Any) -> tuple[int, int]:
    return tuple(size) if isinstance(size, list | tuple) else (size, size)


def _read_file(path: Path) -> Architecture:
    try:
        content = json.loads(path.read_text())
    except OSError as error:
        raise UsageError(
            f"could not be read ({error.strerror})", where=str(path)
        ) from None
    except ValueError as error:
        raise UsageError(f"is not JSON ({error})", where=str(path)) from None
    cfg = content.get("model_cfg", content) if isinstance(content, dict) else {}
    if not isinstance(cfg, dict) or not set(NEEDED) <= set(cfg):
        raise UsageError(
            "is no model of open_clip",
            where=str(path),
            remedy=f"it has to have {', '.join(NEEDED)}",
        )
    name = path.parent.name if path.name == "open_clip_config.json" else path.stem
    stated = content.get("preprocess_cfg", {}) if cfg is not content else {}
    # The name goes into file names and tables.
    name = re.sub(r"[^\w.-]", "-", name) or "model"
    return Architecture(name, deepcopy(cfg), dict(stated or {}), path)


def _near(name: str) -> str:
    import difflib

    import open_clip

    near = difflib.get_close_matches(name, open_clip.list_models(), n=3, cutoff=0.3)
    return f"name one, like {', '.join(near or ['ViT-B-32'])}"
