"""The model that is trained: open_clip's, with weights or random ones, locks set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from skyloom.clip_build import (
    build_model,
    image_transform,
    preprocessing_of,
    tokenizer_of,
)
from skyloom.clip_config import preprocessing, read_architecture, with_gelu
from skyloom.clip_models import ClipModel, ClipRequest, load_clip, need_open_clip
from skyloom.errors import UsageError
from train.config import TrainConfig

FILES = (".pt", ".pth", ".bin", ".ckpt", ".safetensors", ".zip")
KINDS = {"fp32": "fp32", "amp": "fp16", "amp_bf16": "bf16"}


def make_student(config: TrainConfig, device: str) -> ClipModel:
    """The model on its device, in training mode, with the precision resolved.

    Raises:
        UsageError: no such model, no such weights, or it has another loss.
    """
    clip = _with_weights(config) if config.pretrained else _random(config)
    model = clip.model
    if getattr(model, "logit_bias", None) is not None:
        raise UsageError(
            f"{clip.name} is made for the sigmoid loss", remedy="choose another model"
        )
    if config.lock_image:
        model.lock_image_tower(
            unlocked_groups=config.lock_image_unlocked_groups,
            freeze_bn_stats=config.lock_image_freeze_bn_stats,
        )
    if config.lock_text:
        # open_clip knows no text tower whose norms alone stay free.
        model.lock_text_tower(
            unlocked_layers=config.lock_text_unlocked_layers, freeze_layer_norm=True
        )
    if config.grad_checkpointing:
        model.set_grad_checkpointing(True)
    precision = _precision(config.precision, device)
    return replace(
        clip, model=model.to(device).train(), device=device, precision=precision
    )


def _with_weights(config: TrainConfig) -> ClipModel:
    named = Path(config.pretrained)
    is_file = named.suffix.lower() in FILES or named.is_file()
    return load_clip(
        ClipRequest(
            config.model,
            None if is_file else config.pretrained,
            named if is_file else None,
            config.force_quick_gelu,
            "cpu",
            "fp32",
        )
    )


def _random(config: TrainConfig) -> ClipModel:
    import torch

    need_open_clip()
    architecture = read_architecture(config.model)
    cfg = with_gelu(architecture, config.force_quick_gelu, {}, {})
    wants, _ = preprocessing(architecture, {}, {}, config.model)
    torch.manual_seed(config.seed)
    model = build_model(architecture, cfg, wants)
    wants = preprocessing_of(model, wants)
    return ClipModel(
        name=architecture.name,
        model=model,
        tokenizer=tokenizer_of(architecture),
        preprocess=image_transform(wants),
        digest="",
        precision="fp32",
        device="cpu",
        dim=int(cfg["embed_dim"]),
        context_length=int(model.context_length),
        model_cfg=cfg,
        preprocess_cfg=wants,
    )


def _precision(name: str, device: str) -> str:
    """fp32, fp16 or bf16: what the forward pass is computed in."""
    import torch

    if not device.startswith("cuda"):
        # A CPU has no half precision worth having.
        return {"auto": "fp32", "amp": "bf16"}.get(name, KINDS.get(name, "fp32"))
    if name == "auto":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    return KINDS[name]
