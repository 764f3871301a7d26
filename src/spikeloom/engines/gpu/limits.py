"""What this engine cannot run, and who can."""

from __future__ import annotations

from spikeloom.engines.exchange import Exchange
from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.errors import EngineError

CAN = 'engine="cpu" can'


def check_plan(plan: NetworkPlan, exchange: Exchange | None) -> None:
    """Raise unless a plan can run on a GPU.

    Raises:
        EngineError: Says what cannot, and which engine can.
    """
    if exchange is not None:
        raise EngineError("GPU engine: it runs in one process only.", hint=f"{CAN} run in several")
    for p in plan.projections:
        if p.learning is not None:
            raise EngineError(
                f"GPU engine: the synapses of {p.name or 'a projection'} learn, which it cannot.",
                hint=f"{CAN} let synapses learn",
            )
    if plan.couplings:
        raise EngineError("GPU engine: it has no gap junctions.", hint=f"{CAN} run them")
    for source in plan.poisson:
        if source.course:
            raise EngineError(
                "GPU engine: it has no Poisson input whose rate changes over time.",
                hint=f"{CAN} run it",
            )
