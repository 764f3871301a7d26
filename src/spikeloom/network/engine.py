"""The engine that steps a network."""

from __future__ import annotations

from typing import Literal, TypeAlias

from spikeloom.engines.exchange import Exchange
from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.engines.network_run import NetworkEngine
from spikeloom.errors import ParameterError

EngineName: TypeAlias = Literal["auto", "cpu", "reference"]


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
        name: ``"cpu"`` is compiled, ``"reference"`` plain NumPy; ``"auto"`` is ``"cpu"`` where that
            can run the plan.
        threads: For the compiled one; None takes what the computer has.
        like, exchange: As in `NetworkEngine`.

    Raises:
        ParameterError: There is no such engine.
    """
    learns = any(p.learning is not None for p in plan.projections)
    if name == "reference" or (name == "auto" and learns):
        from spikeloom.engines.reference.network import ReferenceNetwork

        return ReferenceNetwork(plan, exchange)
    if name in ("auto", "cpu"):
        from spikeloom.engines.cpu.network import NativeNetwork

        same = like if isinstance(like, NativeNetwork) else None
        return NativeNetwork(plan, threads, same, exchange)
    raise ParameterError(
        f"Network: there is no engine {name!r}.", hint="engine='auto', 'cpu' or 'reference'"
    )
