"""Plans that make no sense are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.engines.network.nets import Shape, random_plan

from spikeloom.engines.cpu.network import NativeNetwork
from spikeloom.engines.network_plan import MAX_DELAY
from spikeloom.engines.network_run import Trace
from spikeloom.engines.reference.network import ReferenceNetwork
from spikeloom.errors import EngineError, ShapeError, SpikeloomError

PLAN = random_plan(Shape(1, (12,), density=0.4))
MANY = PLAN.projections[0].targets.size


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"source": 1}, "no population 1"),
        ({"channel": "ex"}, "no channel 'ex'"),
        ({"channel": "I"}, "no channel 'I'"),
        ({"indptr": np.zeros(12, np.int64)}, "indptr must have shape"),
        ({"indptr": np.zeros(13, np.int64)}, "indptr must rise"),
        ({"targets": np.full(MANY, 12, np.uint32)}, "beyond 11"),
        ({"targets": np.arange(MANY)[::-1].astype(np.uint32) % 12}, "ascend"),
        ({"weights": np.array(np.nan)}, "NaN"),
        ({"weights": np.ones(3)}, "weights must have shape"),
        ({"delays": np.array(-1)}, "delays must be"),
        ({"delays": np.array(MAX_DELAY + 1)}, "delays must be"),
    ],
)
def test_projections(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SpikeloomError, match=words):
        replace(PLAN, projections=(replace(PLAN.projections[0], **changes),))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": 0}, "0 neurons"),
        ({"start": np.zeros((3, 11))}, "start of TwoSided"),
        ({"channels": ("exc", "inn")}, "no input 'inn'"),
        ({"channels": ("exc", "I")}, "both a channel and a constant"),
        ({"coefs": {}}, "no value for coefficient"),
        ({"constants": {"I": np.zeros(3)}}, "'I' of TwoSided must have shape"),
    ],
)
def test_populations(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SpikeloomError, match=words):
        replace(PLAN.populations[0], **changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target": 2}, "no such population"),
        ({"channel": "x"}, "no channel 'x'"),
        ({"rate_per_step": np.array(-0.1)}, "mean of a step"),
        ({"rate_per_step": np.array(np.nan)}, "mean of a step"),
        ({"rate_per_step": np.ones(3)}, "rate must have shape"),
        ({"weight": np.inf}, "weight is inf"),
    ],
)
def test_poisson(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SpikeloomError, match=words):
        replace(PLAN, poisson=(replace(PLAN.poisson[0], **changes),))


def test_networks() -> None:
    with pytest.raises(EngineError, match="same entity"):
        replace(PLAN, poisson=PLAN.poisson * 2)
    with pytest.raises(EngineError, match="dtype"):
        replace(PLAN, dtype="float16")  # type: ignore[arg-type]
    with pytest.raises(EngineError, match="threads"):
        NativeNetwork(PLAN, 0)


@pytest.mark.parametrize("engine", [NativeNetwork, ReferenceNetwork])
def test_wishes(engine: Any) -> None:
    net = engine(PLAN)
    for wish in (
        Trace(0, "w"),
        Trace(1, "v"),
        Trace(0, "v", every=0),
        Trace(0, "v", np.array([12])),
    ):
        with pytest.raises(EngineError):
            net.run(1, None, [wish])
    with pytest.raises(ShapeError):
        net.run(1, [np.ones(5, bool)])
    with pytest.raises(EngineError):
        net.run(1, [True, True])
    with pytest.raises(EngineError):
        net.run(-1)
    assert net.step == 0


def test_delays_set_the_slots() -> None:
    plan = random_plan(Shape(1, (12,), delays=-4))
    assert (plan.slots, plan.stride) == (5, 5)
    assert (replace(plan, projections=()).slots) == 1
    alone = NativeNetwork(replace(plan, projections=()), 2)
    truth = ReferenceNetwork(replace(plan, projections=()))
    got, expected = alone.run(90), truth.run(90)
    assert np.array_equal(got.spikes[0][1], expected.spikes[0][1])
