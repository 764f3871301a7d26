"""Ten neurons of which only the one with the strongest input ever fires."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spikeloom.equations.units import ms, mV, nA
from spikeloom.errors import ParameterError
from spikeloom.models import LIF, Delta
from spikeloom.network.library.example import Band, Built, Example, Setup
from spikeloom.network.result import Result
from spikeloom.network.rules import AllToAll

CELLS = 10
WINNER, OTHERS, PERIOD = "spikes of the strongest", "spikes of the others", "period (ms)"


def winner_take_all(setup: Setup) -> Built:
    """Neuron k has the input R I = 20 + k/2 mV, and a spike of it takes 15 mV from all others.

    The strongest fires every tau ln(RI / (RI - theta)) = 18.947626 ms, rounded up to the grid; the
    next one alone would need 19.616585 ms, and is pushed back each time just before.

    Raises:
        ParameterError: dt is too coarse to tell the first two apart.
    """
    if float(setup.dt.to(ms)) > 0.5:
        raise ParameterError(
            f"winner-take-all: with dt = {setup.dt} the first two neurons fire in the same step.",
            hint="a dt of at most 0.5 ms",
        )
    net = setup.network()
    size = setup.of(CELLS)
    drive = (20 + 0.5 * np.arange(size)) / 100
    cells = net.population(size, LIF(E=0 * mV, theta=15 * mV), name="cells", I=drive * nA)
    net.connect(cells, cells, Delta(), AllToAll(), weight=-15 * mV)
    return Built(net, net.record(cells, "spikes"), net.record(cells[-3:], "v"))


def counts(built: Built, result: Result, settle: float) -> dict[str, float]:
    """Who fired how often, and how regularly."""
    del settle
    trains = result.spikes[built.spikes].by_part()["cells"]
    best = trains.train(trains.size - 1)
    gaps = np.diff(best)
    return {
        WINNER: float(best.size),
        OTHERS: float(len(trains) - best.size),
        PERIOD: float(gaps.mean()) if gaps.size else float("nan"),
    }


WINNER_TAKE_ALL = Example(
    name="winner-take-all",
    title="Winner takes all, by inhibition",
    source="closed form of the leaky integrator; Maass 2000, Neural Comput. 12:2519",
    build=lambda setup: winner_take_all(replace(setup, dt=0.01 * ms)),
    bands=(Band(WINNER, 52, 52), Band(OTHERS, 0, 0), Band(PERIOD, 18.947, 18.958)),
    settle=0.0,
    duration=1000.0,
    measure=counts,
)
