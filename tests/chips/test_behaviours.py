"""What a TrueNorth neuron can do, each tick of it worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeloom import ms, simulate
from spikeloom.chips import BEHAVIOURS, Behaviour
from spikeloom.engines.fixed import Fixed, FixedReference
from spikeloom.errors import ParameterError
from spikeloom.models import TrueNorthNeuron

BY_HAND: dict[str, tuple[list[int], list[int]]] = {
    "pacemaker": ([3, 6, 9, 0] * 3, [3, 7, 11]),
    "rate divider": ([1, 2, 0, 1, 2, 0, 4, 1, 1, 1], [2, 5, 6, 7]),
    "or": ([0] * 6, [1, 2, 4]),
    "and": ([0] * 8, [2, 5, 6]),
    "not": ([0] * 6, [0, 2, 3, 5]),
    "coincidence": ([2, 1, 0, 2, 0, 0, 0], [4]),
    "latch": ([0, 1, 1, 1, 0, 0, 1, 1], [1, 2, 3, 6, 7]),
    "delay line": ([0, 2, 3, 4, 0, 0, 0], [4]),
    "burst": ([0, 3, 2, 1, 0, 0, 0], [1, 2, 3, 4]),
    "difference": ([0, 0, -1, 0, 0, 0, 0], [0, 4, 5]),
    "rectified difference": ([0, 0, 0, 0, 0, 0, 0], [0, 3, 4, 5]),
    "rebound": ([0, 2, -2, -2, -2, 2, -2, -2], [2, 6]),
    "oscillation": ([0, 5, -5, 5, -5, 5, -5, 5], [2, 4, 6]),
    "refractory": ([1, 2, 3, -6, -3, 0, 1, 2, 3, -6, -3], [3, 9]),
}
"""Potential after each tick, and ticks with a spike."""


@pytest.mark.parametrize("engine", [FixedReference(), Fixed()], ids=repr)
@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand(name: str, engine: Any) -> None:
    run = BEHAVIOURS[name].run(engine=engine)
    v, at = BY_HAND[name]
    assert run.traces["v"][:, 0].tolist() == v
    assert (run.train().astype(int) - 1).tolist() == at


def test_every_behaviour_is_followed() -> None:
    assert set(BEHAVIOURS) == {*BY_HAND, "chance"}
    assert all(b.says and b.ticks <= 12 for n, b in BEHAVIOURS.items() if n != "chance")


def test_chance() -> None:
    """20.3125 Hz: 40 seconds within 4 sd of a sum of ten geometric waits (CV 0.28229)."""
    b = BEHAVIOURS["chance"]
    run = simulate(b.neuron, 1000 * ms, size=40, seed=3)
    n = 40 * 20.3125
    assert abs(len(run.spike_ids) - n) <= 4 * 0.28229 * np.sqrt(n) + 40 / 2


def test_events_beyond_the_end() -> None:
    wrong = Behaviour("too long", TrueNorthNeuron(), 2, {"a0": (1, 1, 1)})
    with pytest.raises(ParameterError, match="3 ticks of a0, of 2"):
        wrong.run()
