"""The engine that steps a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from spikeloom.engines.exchange import Exchange
from spikeloom.engines.network_plan import (
    AnyProjection,
    NetworkPlan,
    PopulationPlan,
    ProjectionPlan,
)
from spikeloom.engines.network_run import NetworkEngine
from spikeloom.errors import ParameterError

EngineName: TypeAlias = Literal["auto", "cpu", "gpu", "reference"]
Pack: TypeAlias = Callable[[ProjectionPlan, tuple[PopulationPlan, ...], str, int], AnyProjection]
"""A projection, populations, precision and threads in; the projection in few bytes out."""


def make_engine(
    plan: NetworkPlan,
    name: EngineName,
    threads: int | None,
    like: NetworkEngine | None = None,
    exchange: Exchange | None = None,
) -> NetworkEngine:
    """An engine for a plan.

    Arguments:
        plan: The network.
        name: ``"cpu"`` is compiled, ``"gpu"`` is Triton, ``"reference"`` plain NumPy; ``"auto"``
            is ``"cpu"``.
        threads: For the compiled one; None takes what the computer has.
        like, exchange: As in `NetworkEngine`.

    Raises:
        ParameterError: There is no such engine.
        EngineError: There is no GPU, or it cannot run this network.
    """
    if name == "reference":
        from spikeloom.engines.reference.network import ReferenceNetwork

        return ReferenceNetwork(plan, exchange)
    if name in ("auto", "cpu"):
        from spikeloom.engines.cpu.network import NativeNetwork

        same = like if isinstance(like, NativeNetwork) else None
        return NativeNetwork(plan, threads, same, exchange)
    if name == "gpu":
        from spikeloom.engines.gpu import GpuNetwork

        return GpuNetwork(plan, like if isinstance(like, GpuNetwork) else None, exchange)
    raise ParameterError(
        f"Network: there is no engine {name!r}.", hint="engine='auto', 'cpu', 'gpu' or 'reference'"
    )


def packing() -> tuple[Pack, Callable[[Sequence[PopulationPlan], float, int], int]]:
    """What packs a projection for the compiled engine, and what says for how many threads."""
    from spikeloom.engines.cpu.network import packed_projection, threads_worth

    return packed_projection, threads_worth


def processors() -> int:
    """How many processors this process may use.

    >>> processors() > 0
    True
    """
    from spikeloom.engines.cpu.pool import available

    return available()
