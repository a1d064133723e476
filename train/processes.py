"""The processes of a training: one, or several that torchrun started."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from skyloom import progress
from skyloom.errors import UsageError

# Others wait while the first validates.
PATIENCE = timedelta(hours=2)


@dataclass(frozen=True)
class Place:
    """Which process this is, of how many, and the device it computes on."""

    rank: int
    world: int
    device: str

    @property
    def first(self) -> bool:
        """Whether it speaks, saves and validates."""
        return self.rank == 0

    def wait(self) -> None:
        """Until all processes are here."""
        if self.world > 1:
            import torch.distributed

            torch.distributed.barrier()

    def agree(self, value: Any) -> Any:
        """What the first process says, in all of them."""
        if self.world == 1:
            return value
        import torch.distributed

        box = [value]
        torch.distributed.broadcast_object_list(box, src=0)
        return box[0]


def world_size() -> int:
    """How many processes torchrun has started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


@contextmanager
def joined(device: str) -> Iterator[Place]:
    """Join the processes that torchrun started, by its environment.

    Raises:
        UsageError: the device is not there.
    """
    import torch

    rank, local = (int(os.environ.get(n, "0")) for n in ("RANK", "LOCAL_RANK"))
    world = world_size()
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda":
        if torch.cuda.device_count() <= local:
            raise UsageError(
                f"there are {torch.cuda.device_count()} GPUs, and process {local} "
                "wants one of its own",
                remedy="give --device cpu, or start fewer processes",
            )
        torch.cuda.set_device(local)
        device = f"cuda:{local}"
    if rank:
        progress.be_quiet(True)
    if world == 1:
        yield Place(0, 1, device)
        return
    backend = "nccl" if device.startswith("cuda") else "gloo"
    torch.distributed.init_process_group(backend, timeout=PATIENCE)
    try:
        yield Place(rank, world, device)
    finally:
        torch.distributed.destroy_process_group()


def torchrun_line(words: Sequence[str], processes: int) -> str:
    """The line that runs a training in several processes of one machine."""
    start = f"torchrun --standalone --nproc_per_node {processes} -m skyloom.cli train"
    return " ".join([start, *map(shlex.quote, words)])
