"""A CLIP model from its configuration: built, filled with weights, its tokenizer."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skyloom.clip_config import Architecture
from skyloom.clip_pretrained import hushed
from skyloom.clip_weights import Weights
from skyloom.errors import SkyloomError, UsageError


def image_transform(preprocess_cfg: Mapping[str, Any]) -> Any:
    """open_clip's own transform of an image for evaluation."""
    from open_clip.transform import PreprocessCfg, image_transform_v2

    known = {**preprocess_cfg, "size": tuple(preprocess_cfg["size"])}
    return image_transform_v2(PreprocessCfg(**known), is_train=False)


def build_model(
    architecture: Architecture, cfg: Mapping[str, Any], wants: Mapping[str, Any]
) -> Any:
    """The model with random weights.

    Raises:
        UsageError: open_clip cannot make one of the configuration.
    """
    import open_clip

    with tempfile.TemporaryDirectory(prefix="skyloom-") as folder, hushed():
        # By a folder, open_clip takes any configuration and keeps none of it.
        said = {"model_cfg": dict(cfg), "preprocess_cfg": dict(wants)}
        Path(folder, "open_clip_config.json").write_text(json.dumps(said))
        try:
            return open_clip.create_model(
                f"local-dir:{folder}", load_weights=False, pretrained_text=False
            )
        except Exception as error:
            # Whatever a constructor makes of numbers that do not fit.
            said_of_it = str(error).partition("\n")[0][:200]
            raise UsageError(
                f"open_clip cannot build it ({said_of_it})",
                where=str(architecture.file or architecture.name),
                remedy="correct the configuration",
            ) from None


def preprocessing_of(model: Any, wants: Mapping[str, Any]) -> dict[str, Any]:
    """What is wanted of images, and the model's own where nothing is; `size` a pair."""
    found = dict(model.visual.preprocess_cfg) | dict(wants)
    size = found["size"]
    found["size"] = [size, size] if isinstance(size, int) else list(size)
    return found


def fill(model: Any, weights: Weights, name: str, file: Path) -> None:
    """Put weights into a model; each must have its place, and each place its weight.

    Raises:
        UsageError: they are those of another model.
    """
    from open_clip.convert import convert_state_dict
    from open_clip.model import convert_to_custom_text_state_dict

    own = model.state_dict()
    try:
        given = convert_state_dict(model, dict(weights.tensors))
        if "positional_embedding" not in own:
            given = convert_to_custom_text_state_dict(given)
    except Exception as error:
        raise _other_model(name, file, type(error).__name__) from None
    for scalar in ("logit_scale", "logit_bias"):
        if scalar in given and scalar in own and given[scalar].numel() == 1:
            given[scalar] = given[scalar].reshape(own[scalar].shape)
    # Older transformers and OpenAI's own files name what is no weight.
    for extra in ("input_resolution", "context_length", "vocab_size"):
        given.pop(extra, None)
    given.pop("text.transformer.embeddings.position_ids", None)
    for key in sorted(own):
        if key not in given:
            raise _other_model(name, file, f"{key} is missing")
        if given[key].shape != own[key].shape:
            has, needs = ("x".join(map(str, one[key].shape)) for one in (given, own))
            raise _other_model(name, file, f"{key} is {has}, not {needs}")
    if left := sorted(set(given) - set(own)):
        raise _other_model(name, file, f"{left[0]} has no place in it")
    model.load_state_dict(given)


def _other_model(name: str, file: Path, why: str) -> UsageError:
    return UsageError(
        f"these are no weights of {name} ({why})",
        where=str(file),
        remedy="name the model that they were made for with --model",
    )


def tokenizer_of(architecture: Architecture) -> Any:
    """The model's own tokenizer.

    Raises:
        UsageError: the model's JSON names one of the hub's.
        SkyloomError: it cannot be had without a network.
    """
    import open_clip

    name = architecture.name
    if architecture.file:
        text = architecture.model_cfg["text_cfg"]
        beside = architecture.file.name == "open_clip_config.json"
        if text.get("hf_tokenizer_name") and not beside:
            raise UsageError(
                "names a tokenizer of the hub",
                where=str(architecture.file),
                remedy="put it as open_clip_config.json into the tokenizer's folder",
            )
        if not beside:
            return open_clip.SimpleTokenizer(
                context_length=text.get("context_length", 77),
                **text.get("tokenizer_kwargs", {}),
            )
        name = f"local-dir:{architecture.file.parent}"
    try:
        with hushed():
            return open_clip.get_tokenizer(name)
    except Exception as error:
        said = str(error).partition("\n")[0][:120]
        raise SkyloomError(
            f"the tokenizer of {architecture.name} cannot be had ({said})",
            remedy="run once with a network, or choose another model",
        ) from None
