"""The contrast of images and captions, over the samples of all processes.

open_clip's ClipLoss gathers them. Each process has the rows of its own samples, and
gradients flow through the gathering: their mean over processes is the gradient of the
loss of the whole batch.
"""

from __future__ import annotations

from typing import Any


def contrast(same_caption: str, *, rank: int = 0, world: int = 1) -> Any:
    """A loss: called with image and text features, the scale, and ids of captions.

    `ignore` is open_clip's own. `mask` takes other samples of the same caption out of
    the negatives. `multi_positive` shares the target among all samples of the caption.
    """
    from open_clip.loss import ClipLoss

    gather = ClipLoss(
        local_loss=world > 1, gather_with_grad=world > 1, rank=rank, world_size=world
    )

    def loss(images: Any, texts: Any, scale: Any, ids: Any) -> Any:
        if same_caption == "ignore":
            return gather(images, texts, scale)
        per_image, per_text = gather.get_logits(images, texts, scale)
        same = _same(ids, rank, world)
        rule = _masked if same_caption == "mask" else _shared
        own = len(ids) * rank
        return (rule(per_image, same, own) + rule(per_text, same, own)) / 2

    return loss


def _same(ids: Any, rank: int, world: int) -> Any:
    """Which of all samples have the caption of which of ours: (ours, all)."""
    import torch

    everyone = ids
    if world > 1:
        parts = [torch.empty_like(ids) for _ in range(world)]
        torch.distributed.all_gather(parts, ids)
        everyone = torch.cat(parts)
    return ids[:, None] == everyone[None, :]


def _shared(logits: Any, same: Any, own: int) -> Any:
    """Cross entropy with a target shared equally among all samples of the caption."""
    logs = logits.float().log_softmax(dim=1)
    return -((logs * same).sum(dim=1) / same.sum(dim=1)).mean()


def _masked(logits: Any, same: Any, own: int) -> Any:
    """Cross entropy where other samples of the caption do not count."""
    import torch

    rows = torch.arange(len(logits), device=logits.device)
    others = same.clone()
    others[rows, rows + own] = False
    cut = logits.float().masked_fill(others, float("-inf"))
    return torch.nn.functional.cross_entropy(cut, rows + own)
