"""How a network that lives in the worker's own process answers: NEST's and ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import draws
import loop


def serve(make: Callable[[], Any], version: str) -> None:
    """Build a network when asked to, and answer for it.

    Arguments:
        make: Gives the network: its `construct_s`, `synapses`, the MB `before` it, `prove` and
            `time`.
        version: Name and version of the library.
    """
    made: list[Any] = []

    def prepare() -> dict[str, Any]:
        made.append(make())
        net = made[-1]
        return {
            "build_s": 0.0,
            "construct_s": net.construct_s,
            "synapses": net.synapses,
            "version": version,
        }

    def memory() -> dict[str, float]:
        held = draws.memory_mb() - made[-1].before
        return {"network_mb": held, "peak_mb": draws.memory_mb("VmHWM")}

    loop.serve(
        {
            "prepare": prepare,
            "prove": lambda ms, to: made[-1].prove(ms, to),
            "time": lambda ms: made[-1].time(ms),
            "memory": memory,
        }
    )
