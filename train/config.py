"""What a training is: the configurations of train/configs, and what flags change."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from skyloom.errors import UsageError

CONFIGS = Path(__file__).with_name("configs")
PRECISIONS = ("auto", "fp32", "amp", "amp_bf16")
SAME_CAPTION = ("multi_positive", "mask", "ignore")
# What decides no weight: a training may be resumed with other values of these.
FREE = frozenset(
    {"workers", "device", "threads", "save_every", "keep_states", "log_every_n_steps"}
    | {"train_data", "val_data", "root_data_dir", "dataset_type", "save_frequency"}
    | {"val_frequency", "zeroshot_classes", "batch_size", "grad_checkpointing"}
)


@dataclass(frozen=True)
class TrainConfig:
    """One training; every field is a key of a configuration's TOML file.

    `global_batch` samples, of all processes, make one step; `batch_size` of one process
    replaces it where it is not 0. `captions` gives each caption column a weight.
    `augment` is open_clip's AugmentationCfg. Empty `train_data` is the lake.
    """

    model: str = "ViT-B-32"
    pretrained: str = ""
    force_quick_gelu: bool = False
    grad_checkpointing: bool = False
    torchcompile: bool = False
    lock_image: bool = False
    lock_image_unlocked_groups: int = 0
    lock_image_freeze_bn_stats: bool = False
    lock_text: bool = False
    lock_text_unlocked_layers: int = 0

    dataset_type: str = "auto"
    train_data: str = ""
    val_data: str = ""
    root_data_dir: str = ""
    selection: str = "all"
    style: str = "skyscript"
    csv_separator: str = ","
    csv_img_key: str = "filepath"
    captions: Mapping[str, float] = field(default_factory=lambda: {"title": 1.0})
    augment: Mapping[str, Any] = field(default_factory=dict)
    random_rotation: bool = False

    same_caption: str = "multi_positive"
    global_batch: int = 512
    batch_size: int = 0
    accum_freq: int = 1
    epochs: int = 20
    lr: float = 1e-5
    beta1: float = 0.9
    beta2: float = 0.98
    eps: float = 1e-6
    wd: float = 0.2
    warmup: int = 1000
    grad_clip_norm: float = 0.0
    precision: str = "auto"
    seed: int = 0

    workers: int = 4
    threads: int = 0
    device: str = "auto"
    save_every: int = 0
    save_frequency: int = 0
    keep_states: int = 2
    log_every_n_steps: int = 100
    val_frequency: int = 1
    zeroshot_classes: int = 20

    def shaping(self) -> str:
        """What decides the weights, as JSON: the same text is the same training."""
        said = {key: value for key, value in asdict(self).items() if key not in FREE}
        return json.dumps(said, sort_keys=True)


def names() -> list[str]:
    """The configurations that come with Skyloom."""
    return sorted(file.stem for file in CONFIGS.glob("*.toml"))


def read_config(name: str) -> TrainConfig:
    """A configuration by name, or from a TOML file.

    A model's .json file is looked for beside the configuration.

    Raises:
        UsageError: there is none, or a key or a value does not fit.
    """
    file = Path(name) if name.endswith(".toml") else CONFIGS / f"{name}.toml"
    try:
        content = tomllib.loads(file.read_text())
    except FileNotFoundError:
        raise UsageError(
            f"there is no configuration {name!r}",
            remedy=f"name one of {', '.join(names())}, or a .toml file",
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"not valid TOML ({error})", where=str(file)) from None
    config = changed(TrainConfig(), content, str(file))
    beside = file.parent / config.model
    if config.model.endswith(".json") and beside.is_file():
        return replace(config, model=str(beside))
    return config


def changed(config: TrainConfig, values: Mapping[str, Any], where: str) -> TrainConfig:
    """The configuration with other values, checked.

    Raises:
        UsageError: a key is unknown, or a value is of the wrong kind or out of range.
    """
    known = {one.name: getattr(config, one.name) for one in fields(config)}
    given = {}
    for key, value in values.items():
        if key not in known:
            raise UsageError(f"there is no setting {key!r}", where=where)
        given[key] = _fitting(key, value, known[key], where)
    config = replace(config, **given)
    _check(config, where)
    return config


def _fitting(key: str, value: Any, like: Any, where: str) -> Any:
    if isinstance(like, Mapping) and isinstance(value, Mapping):
        return dict(value)
    if isinstance(like, float) and type(value) in (int, float):
        return float(value)
    if type(value) is type(like):
        return value
    kinds = {bool: "true or false", int: "a whole number", float: "a number"}
    wanted = kinds.get(type(like), "a text" if isinstance(like, str) else "a table")
    raise UsageError(f"{key} is {value!r}, not {wanted}", where=where)


def _check(config: TrainConfig, where: str) -> None:
    choices = {
        "precision": PRECISIONS,
        "same_caption": SAME_CAPTION,
        "dataset_type": ("auto", "lake", "csv", "webdataset"),
    }
    for key, allowed in choices.items():
        if getattr(config, key) not in allowed:
            raise UsageError(
                f"{key} is {getattr(config, key)!r}",
                where=where,
                remedy=f"choose of {', '.join(allowed)}",
            )
    least = {"global_batch": 2, "accum_freq": 1, "epochs": 1, "log_every_n_steps": 1}
    least |= {"keep_states": 1}
    for one in fields(config):
        value = getattr(config, one.name)
        if type(value) in (int, float) and not value >= least.get(one.name, 0):
            raise UsageError(
                f"{one.name} is {value}, less than {least.get(one.name, 0)}",
                where=where,
            )
    weights = config.captions.values()
    numbers = all(type(weight) in (int, float) and weight >= 0 for weight in weights)
    if not numbers or not sum(weights) > 0:
        raise UsageError(
            "captions has to give caption columns their weights",
            where=where,
            remedy="like title=0.5 title_multi_objects=0.5",
        )
