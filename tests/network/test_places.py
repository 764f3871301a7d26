"""Weights, delays, parameters and start values that depend on positions."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pytest

from spikeloom import (
    LIF,
    AllToAll,
    Distance,
    ExponentialCurrent,
    ExponentialProfile,
    Network,
    Neuron,
    State,
    exp,
    mm,
    ms,
    mV,
    nA,
    pA,
    pair,
    position,
    state,
    um,
    where,
)
from spikeloom.errors import ModelError, NumericsError, ParameterError, ShapeError, UnitError

LINE = np.array([0.0, 100.0, 250.0, 700.0]) * um


def line(**more: Any) -> tuple[Network, Any]:
    net = Network(dt=0.1 * ms, seed=1, engine="reference")
    return net, net.population(4, LIF(), name="line", positions=LINE, **more)


def test_weights_and_delays_of_distance() -> None:
    net, cells = line()
    net.connect(
        cells, cells, ExponentialCurrent(), AllToAll(autapses=True),
        weight=5 * pA * exp(-pair.distance / (0.2 * mm)),
        delay=0.5 * ms + pair.distance / (0.3 * mm / ms),
    )  # fmt: skip
    (made,) = net.build().projections
    apart = np.abs(np.subtract.outer(*[np.array([0.0, 100.0, 250.0, 700.0])] * 2)).ravel()
    np.testing.assert_allclose(made.weights, 5 * np.exp(-apart / 200), rtol=1e-6)
    np.testing.assert_array_equal(made.delays, np.rint((0.5 + apart / 300) / 0.1))


def test_direction_and_choice() -> None:
    net, cells = line()
    forward = pair.target.x - pair.source.x
    net.connect(
        cells, cells, ExponentialCurrent(), AllToAll(autapses=True),
        weight=where(forward > 0 * um, 2 * pA, -1 * pA),
    )  # fmt: skip
    (made,) = net.build().projections
    want = np.where(np.triu(np.ones((4, 4)), 1) > 0, 2.0, -1.0).ravel()
    np.testing.assert_array_equal(made.weights, want)


def test_distance_goes_round_where_the_rule_says_so() -> None:
    net, cells = line()
    rule = Distance(ExponentialProfile(1.0, 1e9 * um), period=800 * um, autapses=True)
    net.connect(cells, cells, ExponentialCurrent(), rule, weight=pair.distance / um * pA)
    (made,) = net.build().projections
    apart = np.abs(np.subtract.outer(*[np.array([0.0, 100.0, 250.0, 700.0])] * 2)).ravel()
    rows = np.repeat(np.arange(4), np.diff(made.indptr))
    want = np.minimum(apart, 800 - apart)[rows * 4 + made.targets]
    np.testing.assert_allclose(made.weights, want, rtol=1e-6)


def test_parameters_states_and_currents_of_position() -> None:
    net = Network(dt=0.1 * ms, engine="reference")
    cells = net.population(
        4,
        LIF(tau=10 * ms + position.x / (50 * um / ms)),
        positions=LINE,
        v=-65 * mV + position.x / (100 * um) * mV,
        I=position.x / mm * nA,
    )
    net.set(cells[2:], v=-60 * mV - position.x / mm * mV)
    (plan,) = net.build().populations
    np.testing.assert_allclose(plan.start[0], [-65, -64, -60.25, -60.7])
    np.testing.assert_allclose(plan.constants["I"], [0, 0.1, 0.25, 0.7])
    same = Network(dt=0.1 * ms, engine="reference")
    same.population(4, LIF(tau=np.array([10.0, 12, 15, 24]) * ms))
    want = same.build().populations[0].coefs
    for name, value in plan.coefs.items():
        np.testing.assert_allclose(value, want[name])


def test_views_keep_their_own_places() -> None:
    net, cells = line()
    net.connect(
        cells[2:], cells[:2], ExponentialCurrent(), AllToAll(), weight=pair.distance / um * pA
    )
    (made,) = net.build().projections
    np.testing.assert_allclose(made.weights, [250, 150, 700, 600])


@pytest.mark.parametrize(
    ("weight", "error", "text"),
    [
        (pair.distance, UnitError, "must be a current"),
        (pair.source.y / um * pA, ParameterError, "positions have 1 axis"),
        (1 * pA / (pair.distance / um), NumericsError, "for number 0"),
        (LIF.definition.flow["v"] * ms / mV * pA, ParameterError, "not made of positions"),
    ],
)
def test_weights_that_cannot_be(weight: Any, error: type[Exception], text: str) -> None:
    net, cells = line()
    with pytest.raises(error, match=text):
        net.connect(cells, cells, ExponentialCurrent(), AllToAll(autapses=True), weight=weight)
        net.build()


def test_without_places_there_is_no_distance() -> None:
    net = Network(dt=0.1 * ms)
    bare, flat = net.population(3, LIF()), net.population(3, LIF(), positions=np.eye(3))
    net.connect(bare, bare, ExponentialCurrent(), AllToAll(), weight=pair.distance / um * pA)
    with pytest.raises(ParameterError, match="needs positions of the sources"):
        net.build()
    net = Network(dt=0.1 * ms)
    flat = net.population(3, LIF(), positions=np.eye(3))
    net.connect(flat, flat, ExponentialCurrent(), AllToAll(), weight=pair.distance / um * pA)
    with pytest.raises(ParameterError, match="plain numbers"):
        net.build()


def test_negative_delays_and_times_are_refused() -> None:
    net, cells = line()
    net.connect(
        cells, cells, ExponentialCurrent(), AllToAll(), weight=1 * pA,
        delay=1 * ms - pair.distance / (0.1 * mm / ms),
    )  # fmt: skip
    with pytest.raises(ParameterError, match="negative"):
        net.build()
    net = Network(dt=0.1 * ms)
    net.population(4, LIF(tau=position.x / (mm / ms)), positions=LINE, name="line")
    with pytest.raises(ParameterError, match=r"line.tau.*above 0"):
        net.build()


def test_a_pair_is_not_one_neuron_and_axes_must_agree() -> None:
    net = Network(dt=0.1 * ms)
    net.population(4, LIF(), v=pair.distance / um * mV, positions=LINE)
    with pytest.raises(ParameterError, match="of two neurons"):
        net.build()
    net, cells = line()
    plane = net.population(2, LIF(), positions=np.zeros((2, 2)) * um)
    net.connect(cells, plane, ExponentialCurrent(), AllToAll(), weight=pair.distance / um * pA)
    with pytest.raises(ShapeError, match="1 axes on the side of the sources and 2"):
        net.build()


def test_a_model_has_no_place_of_its_own() -> None:
    with pytest.raises(ModelError, match=r"position\.x belongs to a network"):

        class Sloped(Neuron):
            """Not a model."""

            v: State = state(mV)

            def flow(self, d: Self) -> None:
                d.v = position.x / um * mV / ms


def test_a_population_without_network_refuses() -> None:
    from spikeloom.engines import simulate

    with pytest.raises(ParameterError, match="no positions here"):
        simulate(LIF(tau=position.x / (um / ms)), duration=1 * ms, size=3)
