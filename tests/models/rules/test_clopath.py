"""The voltage rule against the numbers of its authors' script, at its time step of 1 ms."""

from __future__ import annotations

import numpy as np
import pytest
from tests.engines.learning.bench import LEARNING, Bench
from tests.models.rules.aeif import SpikingAEIF

from spikeloom.compile import Euler, bind, bind_rule, compile_neuron, compile_rule
from spikeloom.compile.learning import rule_numbers
from spikeloom.compile.values import numbers
from spikeloom.engines.inputs.trains import NOTHING, GivenTrains
from spikeloom.engines.learning_plan import LearningPlan
from spikeloom.engines.network_plan import NetworkPlan, PopulationPlan, ProjectionPlan
from spikeloom.engines.reference.network import ReferenceNetwork
from spikeloom.equations import (
    Cell,
)  # fmt: skip
from spikeloom.equations.units import ms, mV
from spikeloom.models import ClopathSTDP, HomeostaticClopathSTDP


def change(pre: list[list[int]], post: list[list[int]], steps: int = 900) -> np.ndarray:
    """Change of w of pairs of neurons with such trains, in steps of 1 ms."""
    # The script's low-pass loses 1/tau a step, and a spike of 1/tau enters it a step later.
    keep = 1 - 1 / 15
    tau = -1 / np.log(keep)
    rule = ClopathSTDP(tau_x=tau * ms, A_LTP=8e-5 * tau / 15 / keep / mV**2, w_max=10)
    cell = Cell(SpikingAEIF(), rule=rule)
    bound = bind(compile_neuron(cell, Euler()), numbers(cell), 1.0)
    program = compile_rule(rule)
    coefs, start = bind_rule(program, rule_numbers(rule), 1.0)
    reads = {"v": "v", "u_minus": "rule_u_minus", "u_plus": "rule_u_plus"}
    learning = LearningPlan(program, coefs, start, reads, {"u_minus": 3, "u_plus": 3})
    count = len(pre)
    rows = np.arange(count + 1)
    ids = np.arange(count, dtype=np.uint32)
    plan = NetworkPlan(
        (_given(pre), _given([[s - 1 for s in train] for train in post]),
         PopulationPlan(bound.program, bound.coefs, count, bound.initial(count), ("push", "none"))),
        (
            ProjectionPlan(1, 2, "push", rows, ids, np.array(1e6), np.array(0)),
            ProjectionPlan(0, 2, "none", rows, ids, np.array(0.5), np.array(0), learning),
        ),
        dtype="float64",
    )  # fmt: skip
    engine = ReferenceNetwork(plan)
    run = engine.run(steps)
    expected = sum(s < steps for train in post for s in train)
    assert run.spikes[2][0].size == expected
    return engine.weights(LEARNING) - 0.5


def _given(trains: list[list[int]]) -> PopulationPlan:
    pairs = sorted((s, k) for k, train in enumerate(trains) for s in train)
    at, who = np.array(pairs, np.int64).T
    return PopulationPlan(
        NOTHING, {}, len(trains), np.empty((0, len(trains))), trains=GivenTrains(at, who)
    )


EVERY = (100, 50, 25, 20)
"""Steps between two pairs at 10, 20, 40 and 50 a second."""


def test_pairs_with_the_source_first() -> None:
    """15 repetitions of five pairs every 10 s, long enough to forget; w is 0.5 at first.

    At 0.1 a second there are 50 pairs, each alone.
    """
    pre = [[20 + k * apart for k in range(5)] for apart in EVERY]
    five = 15 * change(pre, [[s + 10 for s in train] for train in pre])
    one = 50 * change([[20]], [[30]], 300)
    found = 100 * (1 + np.concatenate([one, five]) / 0.5)
    np.testing.assert_allclose(found, [100.0, 102.9, 115.7, 146.3, 165.0], atol=0.1)


def test_pairs_with_the_target_first() -> None:
    """In the script the target fires a sixth time, and its very first spike is lost.

    At 0.1 a second that sixth spike comes 11 ms before the first one of the next repetition.
    """
    post = [[20 + k * apart for k in range(6)] for apart in EVERY]
    pre = [[s + 10 for s in train[:5]] for train in post]
    five = 14 * change(pre, post) + change(pre, [train[1:] for train in post])
    alone, after_another = change([[41], [41]], [[31], [20, 31]], 300)
    found = 100 * (1 + np.array([40 * alone + 9 * after_another, *five]) / 0.5)
    np.testing.assert_allclose(found, [71.7, 59.6, 60.5, 117.8, 173.6], atol=0.1)


@pytest.mark.parametrize(
    ("clamp", "sign"), [(-75.0, 0), (-70.6, 0), (-60.0, -1), (-46.0, -1), (-20.0, 1)]
)
def test_a_clamped_target(clamp: float, sign: int) -> None:
    """The source at 25 Hz: nothing below theta_minus, depression above, potentiation high up."""
    train = list(range(5, 1000, 40))
    lags = {"u_minus": 3, "u_plus": 3}
    moved = Bench(ClopathSTDP(), [train], [[]], dt=1.0, clamp=clamp, lags=lags).final(600) - 0.5
    assert np.sign(moved[0]) == sign
    if clamp == -60.0:  # u_minus has settled after some time: A_LTD (u − theta) a spike
        late = Bench(ClopathSTDP(), [[400]], [[]], dt=1.0, clamp=clamp, lags=lags).final(402) - 0.5
        assert late[0] == pytest.approx(-14e-5 * 10.6, rel=1e-9)


def test_depression_follows_activity_in_the_homeostatic_rule() -> None:
    """A slow average of 60 mV² is the reference; a resting neuron knows no depression at all."""
    lags = {"u_minus": 3, "u_plus": 3}
    found = [
        Bench(HomeostaticClopathSTDP(), [[at]], [[]], dt=5.0, clamp=-60.0, lags=lags).final(at + 2)
        for at in (100, 1500)
    ]
    u_bar = [10.6**2 * (1 - np.exp(-5 * (at + 1) / 1200)) for at in (100, 1500)]
    moved = np.concatenate(found) - 0.5
    np.testing.assert_allclose(moved, -14e-5 * 10.6 * np.array(u_bar) / 60, rtol=1e-6)
