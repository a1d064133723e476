"""The contrast against a reference written from its definition, in float64."""

import numpy as np
import pytest
import torch

from skyloom.torch_shim import import_torchvision

import_torchvision()

from train.losses import contrast  # noqa: E402

SCALE = 14.3
IDS = [5, 7, 5, 9, 7, 5]


def rows(seed):
    vectors = np.random.default_rng(seed).normal(size=(6, 8))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def reference(rule):
    """-log of the share that the right captions have of the exponentials."""
    images, texts = rows(1), rows(2)
    total = 0.0
    for left, right in ((images, texts), (texts, images)):
        for i in range(6):
            terms = [np.exp(SCALE * float(left[i] @ right[j])) for j in range(6)]
            same = [j for j in range(6) if IDS[j] == IDS[i]]
            if rule == "ignore":
                total -= np.log(terms[i] / sum(terms))
            elif rule == "mask":
                kept = [t for j, t in enumerate(terms) if j == i or j not in same]
                total -= np.log(terms[i] / sum(kept))
            else:
                total -= np.mean([np.log(terms[j] / sum(terms)) for j in same])
    return total / 12


@pytest.mark.parametrize("rule", ["ignore", "mask", "multi_positive"])
def test_the_loss_is_its_definition(rule):
    given = [torch.tensor(rows(seed), dtype=torch.float32) for seed in (1, 2)]
    loss = contrast(rule)(*given, torch.tensor(SCALE), torch.tensor(IDS))
    assert float(loss) == pytest.approx(reference(rule), rel=1e-5)


def test_without_equal_captions_all_three_are_one():
    given = [torch.tensor(rows(seed), dtype=torch.float32) for seed in (1, 2)]
    found = {
        rule: float(contrast(rule)(*given, torch.tensor(SCALE), torch.arange(6)))
        for rule in ("ignore", "mask", "multi_positive")
    }
    assert max(found.values()) - min(found.values()) < 1e-5
