"""Whether a graph will fit into memory, found out before it is built."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from spikeloom.errors import EngineError

if TYPE_CHECKING:
    from spikeloom.network.rules.rule import Request

LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)
"""Limit and use of a container, on Linux."""


def available_bytes() -> int | None:
    """Memory that can be had without swapping; None where the system does not tell.

    >>> known = available_bytes()
    >>> known is None or known > 0
    True
    """
    free: list[int] = []
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                free.append(int(line.split()[1]) * 1024)
    except (OSError, ValueError, IndexError):
        pass
    for limit, used in LIMITS:
        try:
            free.append(int(Path(limit).read_text("ascii")) - int(Path(used).read_text("ascii")))
        except (OSError, ValueError):  # no limit, or another system
            continue
    return max(min(free), 1) if free else None


def estimated_bytes(synapses: float, sources: int, bytes_per_synapse: float = 4.0) -> int:
    """Memory of a graph with its weights and delays.

    Arguments:
        synapses: How many are expected.
        sources: Rows of the graph.
        bytes_per_synapse: 4 for the target, and what weight and delay take.

    >>> estimated_bytes(15_625_000, 12_500)
    62600008
    """
    return int(synapses * bytes_per_synapse) + 8 * (sources + 1)


def refuse_what_does_not_fit(
    rule: str, synapses: float, request: Request, bytes_per_synapse: float
) -> None:
    """Stop before the memory runs out.

    Raises:
        EngineError: The estimate is above what is available.
    """
    needed = estimated_bytes(synapses, request.sources, bytes_per_synapse)
    free = available_bytes()
    if free is not None and needed > free:
        raise EngineError(
            f"{rule} from {request.sources:,} to {request.targets:,} neurons makes about "
            f"{synapses:,.0f} synapses of {bytes_per_synapse:g} bytes, {needed / 2**30:,.1f} GiB; "
            f"{free / 2**30:,.1f} GiB are available.",
            hint="connect fewer pairs, scale the network down, or give one number as weight",
        )
