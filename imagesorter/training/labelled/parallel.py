"""One training on several processors: what `torchrun` says of it, and how the processes meet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import distributed

_PATIENCE = timedelta(hours=6)
"""How long processes wait for one that reads or judges images alone."""


@dataclass(frozen=True)
class Processes:
    """The processes of a training; one, where it was not started by torchrun.

    Attributes:
        number: of this process, from 0.
        count: of all.
        device: of this process, such as "cuda:1".
    """

    number: int
    count: int
    device: str

    @property
    def main(self) -> bool:
        """Whether this process writes files, judges, and tells."""
        return self.number == 0

    def wait(self) -> None:
        """Until all are here."""
        if self.count > 1:
            distributed.barrier()

    def any(self, here: bool) -> bool:
        """Whether it is so in any of the processes; all must ask."""
        if self.count == 1:
            return here
        found = torch.tensor(float(here), device=self.device)
        distributed.all_reduce(found, distributed.ReduceOp.MAX)
        return bool(found)


@contextmanager
def processes(device: str) -> Iterator[Processes]:
    """Join the other processes for the length of the block.

    Args:
        device: "cuda", "mps" or "cpu"; with CUDA each process of a machine takes a card of its own.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes(0, 1, device)
        return
    if device == "cuda":
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    backend = "nccl" if device.startswith("cuda") else "gloo"
    distributed.init_process_group(backend, timeout=_PATIENCE)
    try:
        yield Processes(distributed.get_rank(), count, device)
    finally:
        distributed.destroy_process_group()
