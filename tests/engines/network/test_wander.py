"""Inputs that fluctuate and remember, in pieces, rewound, and of some of the neurons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spikeloom.compile import bind
from spikeloom.engines.cpu import CPU
from spikeloom.engines.inputs.wander import Walk, Wander
from spikeloom.engines.reference import Reference
from spikeloom.network.waveforms.fluctuation import _program

ENGINES: Any = {"cpu": CPU("float64").simulate, "reference": Reference().simulate}


def wander(size: int = 20, shared: bool = False) -> Wander:
    tau = np.array(3.0) if shared else np.linspace(1, 9, size)
    bound = bind(_program(), {"tau": tau}, 0.1)
    return Wander(bound.program, bound.coefs, 1 if shared else size, shared, "test")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("shared", [False, True])
def test_pieces_and_going_back(engine: str, shared: bool) -> None:
    whole = Walk(wander(shared=shared), 7, ENGINES[engine]).sample(0, 50)
    walk = Walk(wander(shared=shared), 7, ENGINES[engine])
    assert np.array_equal(walk.sample(0, 13), whole[:13])
    assert np.array_equal(walk.sample(13, 9), whole[13:22])
    walk.settle(17)  # only so many were used
    assert np.array_equal(walk.sample(17, 20), whole[17:37])
    walk.settle(37)
    saved = walk.state.copy()
    other = Walk(wander(shared=shared), 7, ENGINES[engine])
    other.stand(37, saved)
    assert np.array_equal(other.sample(37, 13), whole[37:])


@pytest.mark.parametrize("engine", ENGINES)
def test_some_neurons_have_what_they_have_in_the_whole(engine: str) -> None:
    plan = wander()
    whole = Walk(plan, 7, ENGINES[engine]).sample(0, 30)
    part = plan.columns(slice(5, 12))
    assert part.first == 5 and part.width == 7
    np.testing.assert_array_equal(Walk(part, 7, ENGINES[engine]).sample(0, 30), whole[:, 5:12])
    chosen = np.array([12, 13])
    again = replace(plan, entity="test").columns(chosen)
    np.testing.assert_array_equal(Walk(again, 7, ENGINES[engine]).sample(0, 30), whole[:, 12:14])


def test_engines_agree() -> None:
    one, other = (Walk(wander(), 7, simulate).sample(0, 200) for simulate in ENGINES.values())
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
