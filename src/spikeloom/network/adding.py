"""Adding to a network that has been built: all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from spikeloom.engines.network_growth import carried
from spikeloom.engines.network_run import NetworkEngine
from spikeloom.network import build

if TYPE_CHECKING:
    from spikeloom.engines.network_plan import NetworkPlan
    from spikeloom.network.construction import Construction

P = ParamSpec("P")
T = TypeVar("T")


def adding(
    method: Callable[Concatenate[Any, P], T],
) -> Callable[Concatenate[Any, P], T]:
    """A method that takes down something more about a network.

    Once the network has been built, what is added is built at once, beside what is there; if that
    is refused, nothing has been said. The engine takes it over with the next run.
    """

    @wraps(method)
    def added(self: Construction, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self._engine is None:
            return method(self, *args, **kwargs)
        before = self._said.copy()
        try:
            made = method(self, *args, **kwargs)
            self._grown = build.plan(self._said, self._pieces)
        except BaseException:
            self._said = before
            raise
        return made

    return added


def taken_over(
    engine: NetworkEngine, plan: NetworkPlan, make: Callable[[NetworkPlan], NetworkEngine]
) -> NetworkEngine:
    """An engine for a plan that has grown, in the state of the engine that ran it until now."""
    made = make(plan)
    made.load_state_dict(carried(engine.plan, engine.state_dict(), plan, made.state_dict()))
    return made
