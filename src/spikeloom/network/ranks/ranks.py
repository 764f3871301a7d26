"""Several processes that run one script and hold one network together."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from spikeloom.errors import ParameterError
from spikeloom.network.engine import processors


@runtime_checkable
class Ranks(Protocol):
    """The processes, as one of them sees them; `TorchRanks` is the one for ``torchrun``."""

    @property
    def rank(self) -> int:
        """Which process this is, from 0 on."""
        ...

    @property
    def size(self) -> int:
        """How many there are."""
        ...

    def gather(self, part: bytes) -> list[bytes]:
        """What every process says, by rank; returns once all have said something."""
        ...


Choice: TypeAlias = "Literal['auto', 1] | Ranks | None"
"""``"auto"``: those that ``torchrun`` has started, if it has. 1 or None: this process alone."""


def found(choice: Choice) -> Ranks | None:
    """The processes to spread a network over, or None for this one alone.

    Raises:
        ParameterError: It is no such choice.
        EngineError: ``torchrun`` has started this process, but the others cannot be reached.

    >>> found(1) is None
    True
    """
    if choice is None or choice == 1:
        return None
    if choice == "auto":
        if not started_by_torchrun():
            return None
        from spikeloom.network.ranks.torch_ranks import TorchRanks

        return TorchRanks()
    if isinstance(choice, Ranks):
        return choice if choice.size > 1 else None
    raise ParameterError(
        f"Network: ranks must be 'auto', 1 or a Ranks object, got {choice!r}.",
        hint="the number of processes is given outside: torchrun --nproc-per-node 4 script.py",
    )


def started_by_torchrun() -> bool:
    """Whether this process is one of several, by what their launcher left in the environment."""
    try:
        count = int(os.environ.get("WORLD_SIZE", "1"))
    except ValueError:
        return False
    return count > 1 and "RANK" in os.environ and "MASTER_ADDR" in os.environ


def threads_of_a_rank() -> int:
    """Processors for each of the processes on this computer, at least one."""
    try:
        here = max(int(os.environ.get("LOCAL_WORLD_SIZE", "1")), 1)
    except ValueError:
        here = 1
    return max(1, processors() // here)


@dataclass(frozen=True, slots=True)
class Share:
    """Which neurons a process holds: of each population a range, nearly equal for all.

    >>> Share(1, 4).own(10), Share(0, 4).borders(10)
    ((2, 5), [0, 2, 5, 7, 10])
    """

    rank: int
    size: int

    def borders(self, neurons: int) -> list[int]:
        """Where the neurons of each process begin, and the end."""
        return [neurons * rank // self.size for rank in range(self.size + 1)]

    def own(self, neurons: int) -> tuple[int, int]:
        """First neuron of this process and the one after its last."""
        return list(pairwise(self.borders(neurons)))[self.rank]
