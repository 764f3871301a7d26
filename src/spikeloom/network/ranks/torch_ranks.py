"""The processes that ``torchrun`` has started, through torch.distributed."""

from __future__ import annotations

import atexit
from typing import Any

import numpy as np

from spikeloom.errors import EngineError, RankError

LENGTH = 8
"""Bytes that say how long a message is."""
SMALLEST = 4096
PATIENCE = 64
"""Messages after which room that was not needed is given up."""


class TorchRanks:
    """All processes of a ``torchrun``; their messages go through the CPU, with Gloo.

    A message travels with the room that the longest of the last ones took, in one collective; only
    if one of them needs more there is a second. All processes see all lengths, so all of them
    choose the same room.
    """

    def __init__(self) -> None:
        try:
            import torch
            import torch.distributed as dist
        except ImportError as error:
            raise EngineError(
                "several processes need PyTorch to talk to each other.",
                hint="pip install 'spikeloom[train]', or Network(ranks=1) to stay alone",
            ) from error
        self._torch, self._dist = torch, dist
        if not dist.is_available():
            raise EngineError("this PyTorch was built without torch.distributed.")
        try:
            if not dist.is_initialized():
                dist.init_process_group("gloo")
                atexit.register(_leave, dist)
            # Tensors of a GPU program go through another backend; ours stay on the CPU.
            same = "gloo" in str(dist.get_backend())
            self._group: Any = None if same else dist.new_group(backend="gloo")
        except (RuntimeError, ValueError) as error:
            raise EngineError(
                f"the processes cannot reach each other: {error}",
                hint="start them with torchrun --nproc-per-node N script.py",
            ) from error
        self._rank, self._size = dist.get_rank(), dist.get_world_size()
        self._room, self._idle = SMALLEST, 0

    @property
    def rank(self) -> int:
        """Which process this is."""
        return self._rank

    @property
    def size(self) -> int:
        """How many there are."""
        return self._size

    def gather(self, part: bytes) -> list[bytes]:
        """What every process says, by rank.

        Raises:
            RankError: A process is gone.
        """
        said = self._round(part, self._room)
        lengths = [int.from_bytes(each[:LENGTH].tobytes(), "little") for each in said]
        longest = max(lengths)
        if longest > self._room:
            self._room = 1 << (longest - 1).bit_length()
            said = self._round(part, self._room)
        self._forget(longest)
        return [
            row[LENGTH : LENGTH + length].tobytes()
            for row, length in zip(said, lengths, strict=True)
        ]

    def _forget(self, longest: int) -> None:
        self._idle = 0 if 4 * longest > self._room else self._idle + 1
        if self._idle > PATIENCE:
            self._room, self._idle = max(SMALLEST, self._room // 4), 0

    def _round(self, part: bytes, room: int) -> Any:
        mine = np.zeros(LENGTH + room, np.uint8)
        mine[:LENGTH] = np.frombuffer(len(part).to_bytes(LENGTH, "little"), np.uint8)
        sent = part[:room]
        mine[LENGTH : LENGTH + len(sent)] = np.frombuffer(sent, np.uint8)
        everyone = np.empty((self._size, LENGTH + room), np.uint8)
        rows = list(self._torch.from_numpy(everyone).unbind())
        try:
            self._dist.all_gather(rows, self._torch.from_numpy(mine), group=self._group)
        except (RuntimeError, ValueError) as error:
            raise RankError(
                f"rank {self._rank} of {self._size}: another process has ended.",
                hint="the reason stands in what that process has printed",
            ) from error
        return everyone


def _leave(dist: Any) -> None:
    if dist.is_initialized():
        dist.destroy_process_group()
