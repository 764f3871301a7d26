"""The engine that steps a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from spikeloom.compile import TickProgram
from spikeloom.engines.exchange import Exchange
from spikeloom.engines.network_plan import (
    AnyProjection,
    NetworkPlan,
    PopulationPlan,
    ProjectionPlan,
)
from spikeloom.engines.network_run import NetworkEngine
from spikeloom.errors import EngineError, ParameterError

EngineName: TypeAlias = Literal["auto", "cpu", "gpu", "reference", "fixed"]
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
        name: ``"cpu"`` is compiled, ``"gpu"`` is Triton, ``"reference"`` plain NumPy. ``"fixed"``
            is compiled and gives the reference's bits: where native code would not, as for
            neurons with an exponential, NumPy steps and delivers. ``"auto"`` is ``"fixed"`` where
            some neurons compute with whole numbers, else ``"cpu"``.
        threads: For the compiled one; None takes what the computer has.
        like, exchange: As in `NetworkEngine`.

    Raises:
        ParameterError: There is no such engine.
        EngineError: There is no GPU, or it cannot run this network.
    """
    whole = [p.program.model for p in plan.populations if isinstance(p.program, TickProgram)]
    if name == "reference":
        from spikeloom.engines.reference.network import ReferenceNetwork

        return ReferenceNetwork(plan, exchange)
    if name == "fixed" or (whole and name in ("auto", "cpu")):
        return _fixed(plan, threads, like, exchange, exact=name != "cpu")
    if whole and name == "gpu":
        raise EngineError(
            f"Network: {whole[0]} computes with whole numbers, and the engine {name!r} with real "
            "ones.", hint="engine='auto', 'fixed' or 'cpu'",
        )  # fmt: skip
    if name in ("auto", "cpu"):
        from spikeloom.engines.cpu.network import NativeNetwork

        same = like if isinstance(like, NativeNetwork) else None
        return NativeNetwork(plan, threads, same, exchange)
    if name == "gpu":
        from spikeloom.engines.gpu import GpuNetwork

        return GpuNetwork(plan, like if isinstance(like, GpuNetwork) else None, exchange)
    raise ParameterError(
        f"Network: there is no engine {name!r}.",
        hint="engine='auto', 'cpu', 'gpu', 'fixed' or 'reference'",
    )


def _fixed(
    plan: NetworkPlan,
    threads: int | None,
    like: NetworkEngine | None,
    exchange: Exchange | None,
    exact: bool,
) -> NetworkEngine:
    """What runs whole numbers natively; `exact`: with the reference's bits in all other neurons."""
    from spikeloom.engines.fixed import Fixed
    from spikeloom.engines.fixed.network import FixedNetwork, differs

    if exact and differs(plan):
        from spikeloom.engines.reference.network import ReferenceNetwork

        return ReferenceNetwork(plan, exchange, Fixed(threads))
    same = like if isinstance(like, FixedNetwork) else None
    return FixedNetwork(plan, threads, same, exchange, fused=not exact)


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
