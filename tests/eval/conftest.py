"""One thread of torch, and a planted model with its store."""

import pytest

from eval.evaluate import Machine
from eval.vectors import Store
from tests.eval.planted import planted_clip

HERE = Machine(batch_size=16, workers=0)


@pytest.fixture(autouse=True)
def one_thread():
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def clip():
    return planted_clip()


@pytest.fixture
def store(tmp_path, clip):
    return Store.open(tmp_path / "vectors", clip)
