"""Several processes do what one does with the same batch."""

import os
import socket
import subprocess
import sys

import pytest

from skyloom.clip_weights import read_weights
from train.run_log import read_log

WEIGHTS = "weights/open_clip_model.safetensors"


def close(first, second, *, weights):
    one, two = (
        [line["loss"] for line in read_log(out) if line["kind"] == "train"]
        for out in (first, second)
    )
    assert len(one) == len(two)
    assert two == pytest.approx(one, rel=1e-4)
    left, right = (read_weights(out / WEIGHTS).tensors for out in (first, second))
    assert set(left) == set(right)
    for name, tensor in left.items():
        assert float((tensor - right[name]).abs().max()) < weights, name


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def in_two_processes(data, out, flags):
    """As torchrun starts them: each with its rank in the environment."""
    port = free_port()
    command = [sys.executable, "-m", "skyloom.cli", "train", *flags]
    command += ["--config", str(data / "tiny.toml"), "--out", str(out)]
    running = [
        subprocess.Popen(
            command,
            env=os.environ
            | {
                "RANK": str(rank),
                "LOCAL_RANK": str(rank),
                "WORLD_SIZE": "2",
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": str(port),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        for one in running:
            said, _ = one.communicate(timeout=400)
            assert one.returncode == 0, said
    finally:
        for one in running:
            one.kill()


@pytest.mark.parametrize("rule", ["multi_positive", "ignore"])
def test_a_batch_in_parts_is_the_whole_batch(train_tiny, rule):
    """The scale's gradient included, which open_clip's trainer counts once a part."""
    whole = train_tiny("whole", "--same-caption", rule, "--epochs", 2)
    parts = train_tiny(
        "parts", "--same-caption", rule, "--epochs", 2, "--accum-freq", 4
    )
    close(whole, parts, weights=2e-4)


def test_two_processes_are_one_with_the_same_batch(train_tiny, data, flags):
    """In two parts each, and the batch said as open_clip says it: of one process."""
    one = train_tiny("one", "--epochs", 2)
    more = ["--epochs", "2", "--accum-freq", "2", "--batch-size", "2"]
    in_two_processes(data, data / "two", flags(*more))
    close(one, data / "two", weights=2e-4)
