"""Several processes that train one network together, through torch.distributed."""

from __future__ import annotations

import atexit
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from spikeloom.errors import ParameterError, RankError
from spikeloom.nn.encode import Encoder
from spikeloom.nn.protocol import is_stateful
from spikeloom.train.loop.step import Objective

T = TypeVar("T")


@dataclass(frozen=True)
class Processes:
    """The processes of a job, or this one alone.

    Every process reads the same batch and presents its own part of the samples; the gradients are
    summed, so that all processes take the step that one process would take with the whole batch.
    What a layer draws by chance (dropout, noise) is drawn for each part anew, batch normalisation
    and regularisers see a part: with these, several processes are not one.

    Arguments:
        rank: Which process this is.
        size: How many there are.

    >>> Processes().alone
    True
    """

    rank: int = 0
    size: int = 1

    @classmethod
    def here(cls) -> Processes:
        """The processes of torch's default group, if a program has made one.

        >>> Processes.here()
        Processes(rank=0, size=1)
        """
        if not (dist.is_available() and dist.is_initialized()):
            return cls()
        return cls(dist.get_rank(), dist.get_world_size())

    @classmethod
    def join(cls) -> Processes:
        """Join the processes that ``torchrun`` has started, if it was torchrun that started us.

        >>> Processes.join()
        Processes(rank=0, size=1)
        """
        if not dist.is_torchelastic_launched() or dist.is_initialized():
            return cls.here()
        dist.init_process_group("gloo")
        atexit.register(_leave)
        return cls.here()

    @property
    def alone(self) -> bool:
        """Whether there is nobody to talk to."""
        return self.size == 1

    @property
    def first(self) -> bool:
        """Whether this process writes and speaks for all."""
        return self.rank == 0

    def bounds(self, count: int) -> tuple[int, int]:
        """The samples of a batch that belong to this process: parts as even as can be.

        >>> [Processes(rank, 3).bounds(7) for rank in range(3)]
        [(0, 2), (2, 4), (4, 7)]
        """
        return count * self.rank // self.size, count * (self.rank + 1) // self.size

    def part(
        self, objective: Objective, x: Tensor, targets: Tensor
    ) -> tuple[Objective, Tensor, Tensor]:
        """Objective, samples and targets of this process.

        An encoder still sees the whole batch: what it draws is then what one process would draw.
        """
        low, high = self.bounds(len(targets))
        targets = targets[low:high]
        if not is_stateful(objective.net) or objective.encode is None:
            return objective, x[low:high], targets
        mine = replace(objective, encode=Part(objective.encode, low, high))
        return samples(mine, slice(low, high)), x, targets

    def turns(self, batches: Iterable[T]) -> Iterable[T]:
        """Every size-th batch, from our own rank on."""
        return islice(batches, self.rank, None, self.size)

    def add(self, *numbers: float) -> tuple[float, ...]:
        """Sums over all processes."""
        if self.alone:
            return numbers
        box = torch.tensor(numbers, dtype=torch.float64)
        self._talk(lambda: dist.all_reduce(box))
        return tuple(box.tolist())

    def gather(self, value: T) -> list[T]:
        """What every process has, by rank."""
        if self.alone:
            return [value]
        said: list[Any] = [None] * self.size
        self._talk(lambda: dist.all_gather_object(said, value))
        return said

    def wait(self) -> None:
        """Go on when all have come here."""
        self.any(False)

    def any(self, flag: bool) -> bool:
        """Whether it is so in any process."""
        return flag if self.alone else self.add(float(flag))[0] > 0

    def add_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by its sum over all processes."""
        if self.alone:
            return
        grads = [p.grad for p in parameters if p.grad is not None]
        kinds = {(g.dtype, g.device) for g in grads}
        for kind in sorted(kinds, key=str):
            group = [g for g in grads if (g.dtype, g.device) == kind]
            flat = torch.cat([g.flatten() for g in group])
            self._talk(lambda flat=flat: dist.all_reduce(flat))
            for grad, piece in zip(group, flat.split([g.numel() for g in group]), strict=True):
                grad.copy_(piece.view_as(grad))

    def agree(self, net: nn.Module, *, buffers_only: bool = False) -> None:
        """Give every process the numbers of the first one."""
        if self.alone:
            return
        tensors = [b for b in net.buffers() if b.numel()]
        if not buffers_only:
            tensors += [p.data for p in net.parameters()]
        for tensor in tensors:
            self._talk(lambda tensor=tensor: dist.broadcast(tensor, 0))

    def _talk(self, say: object) -> None:
        try:
            say()  # type: ignore[operator]
        except RuntimeError as error:
            raise RankError(
                f"rank {self.rank} of {self.size}: another process has ended.",
                hint="the reason stands in what that process has printed",
            ) from error


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def samples(objective: Objective, where: slice) -> Objective:
    """The objective for some samples of a batch."""
    if objective.lengths is None:
        return objective
    return replace(objective, lengths=objective.lengths[where])


@dataclass(frozen=True)
class Part:
    """Some samples of what an encoder gives for a whole batch."""

    encode: Encoder
    low: int
    high: int

    def __call__(self, x: Tensor, draw: int = 0) -> Tensor:
        """Samples (batch, *features) -> (time, high - low, *features)."""
        return self.encode(x, draw)[:, self.low : self.high]


def check_size(batch_size: int, size: int) -> None:
    """Raise `ParameterError` if a whole batch has not one sample for each process.

    >>> check_size(64, 2)
    """
    if batch_size < size:
        raise ParameterError(
            f"fit: a batch of {batch_size} cannot be divided between {size} processes.",
            hint="batch_size is that of all processes together",
        )
