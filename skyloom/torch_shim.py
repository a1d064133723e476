"""Importing torchvision where torch is built for the CPU and torchvision for CUDA.

The registry's torchvision is a CUDA build whose library cannot load beside the CPU
torch; its transforms, which open_clip uses, need only the operators' names.
"""

import importlib
from types import ModuleType
from typing import Any

# The registration lives as long as this reference.
_operators: Any = None
SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


def import_torchvision() -> ModuleType:
    """Import torchvision; call it before open_clip or timm are imported.

    Where the library loads, nothing is changed. Where it does not, the box operators
    have names and no bodies: calling one raises NotImplementedError.
    """
    global _operators
    import torch

    try:
        return importlib.import_module("torchvision")
    except RuntimeError:
        _operators = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for schema in SCHEMAS:
            _operators.define(schema)
        return importlib.import_module("torchvision")
