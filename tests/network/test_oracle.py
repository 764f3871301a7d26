"""Networks against the dense oracle of `dense.py`, spike for spike.

Weights are drawn from a continuum, so that no potential meets the threshold but by accident.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network import dense

import spikeloom as sl

Array = np.ndarray[Any, np.dtype[Any]]
DT = 0.1
STEPS = 400
KINDS: dict[str, tuple[sl.Synapse, sl.Unit, float]] = {
    "delta": (sl.Delta(), sl.mV, 6.0),
    "current": (sl.ExponentialCurrent(tau=5 * sl.ms), sl.nA, 0.4),
    "conduct": (sl.ExponentialConductance(tau=5 * sl.ms, E=0 * sl.mV), sl.nS, 8.0),
}


@dataclass(frozen=True)
class Wire:
    """One connection: its rule, and the matrices of weights and delays that it is given."""

    source: int
    target: int
    rule: str
    weights: Array
    delays: Array


@dataclass(frozen=True)
class Case:
    kinds: tuple[str, ...]
    sizes: tuple[int, ...]
    starts: tuple[Array, ...]
    drives: tuple[Array, ...]
    hold: tuple[int, ...]
    wires: tuple[Wire, ...]


@st.composite
def cases(draw: Any) -> Case:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    count = draw(st.integers(1, 3))
    sizes = tuple(draw(st.integers(1, 7)) for _ in range(count))
    kinds = tuple(draw(st.sampled_from(sorted(KINDS))) for _ in range(count))
    wires: list[Wire] = []
    for _ in range(draw(st.integers(1, 4))):
        source, target = (draw(st.integers(0, count - 1)) for _ in range(2))
        shape = sizes[source], sizes[target]
        rules = ["all", "edges", "sparse", "in"] + ["one"] * (shape[0] == shape[1])
        scale = KINDS[kinds[target]][2]
        sign = 1.0 if kinds[target] == "conduct" else rng.choice([1.0, 1.0, -1.0])
        weights = sign * scale * rng.uniform(0.2, 1.0, shape)
        longest = draw(st.sampled_from([0, 3, 25]))
        delays = rng.integers(0, longest + 1, shape)
        wires.append(Wire(source, target, draw(st.sampled_from(rules)), weights, delays))
    return Case(
        kinds,
        sizes,
        tuple(rng.uniform(-65, -50.1, n) for n in sizes),
        tuple(rng.uniform(0.1, 0.3, n) for n in sizes),
        tuple(draw(st.sampled_from([0, 1, 20])) for _ in sizes),
        tuple(wires),
    )


def edges(rule: str, shape: tuple[int, int], seed: int) -> tuple[Array, Array]:
    """Sources and targets of a rule that gives each pair any number of synapses."""
    rng = np.random.default_rng(seed)
    number = int(rng.integers(0, 2 * shape[0] * shape[1]))
    return rng.integers(0, shape[0], number), rng.integers(0, shape[1], number)


def build(case: Case, **options: Any) -> tuple[sl.Network, list[dense.Cells], dict[Any, Array]]:
    """The same network twice: as a user writes it, and for the oracle."""
    net = sl.Network(DT * sl.ms, dtype="float64", **options)
    cells, groups = [], []
    for k, kind in enumerate(case.kinds):
        neuron: Any = sl.LIF()
        if case.hold[k]:
            neuron = sl.Refractory(neuron, case.hold[k] * DT * sl.ms)
        drive, start = case.drives[k], case.starts[k]
        groups.append(
            net.population(case.sizes[k], neuron, name=f"p{k}", v=start * sl.mV, I=drive * sl.nA)
        )
        cells.append(dense.Cells(kind, start.copy(), drive, hold=case.hold[k]))
    matrices: dict[Any, Array] = {}
    for number, wire in enumerate(case.wires):
        synapse, unit, _ = KINDS[case.kinds[wire.target]]
        shape = wire.weights.shape
        there = matrices.setdefault(
            (wire.source, wire.target),
            np.zeros((26, case.sizes[wire.source], case.sizes[wire.target])),
        )
        weights: Any = wire.weights
        delays: Any = wire.delays
        pairs = np.indices(shape).reshape(2, -1)
        if wire.rule == "all":
            rule: sl.Rule = sl.AllToAll(autapses=True)
        elif wire.rule == "one":
            rule, pairs = sl.OneToOne(), np.array([np.arange(shape[0])] * 2)
        elif wire.rule == "in":
            rule = sl.FixedInDegree(min(2, shape[0]), autapses=True)
            indptr, targets = rule.build(
                *shape, seed=0, entity=f"c{number}", same_population=wire.source == wire.target
            )
            pairs = np.array([np.repeat(np.arange(shape[0]), np.diff(indptr)), targets])
        else:
            pairs = np.array(edges(wire.rule, shape, number))
            weights, delays = weights[tuple(pairs)], delays[tuple(pairs)]
            if wire.rule == "sparse" and pairs.size:  # a matrix holds one entry for each pair
                from scipy.sparse import coo_array

                once = np.unique(pairs, axis=1)
                pairs, weights, delays = once, wire.weights[tuple(once)], wire.delays[tuple(once)]
                rule = sl.EdgeList.from_sparse(coo_array((weights, tuple(once)), shape=shape))
            else:
                rule = sl.EdgeList(*pairs)
        np.add.at(there, (wire.delays[tuple(pairs)], *pairs), wire.weights[tuple(pairs)])
        net.connect(
            groups[wire.source], groups[wire.target], synapse, rule,
            weight=weights * unit, delay=delays * DT * sl.ms, name=f"c{number}",
        )  # fmt: skip
    for group in groups:
        net.record(group)
    return net, cells, matrices


def spikes(trains: sl.SpikeTrains) -> list[tuple[int, int]]:
    steps = np.rint(trains.times / DT).astype(int) - 1
    return list(zip(steps.tolist(), trains.ids.tolist(), strict=True))


@pytest.mark.filterwarnings("ignore::spikeloom.NetworkWarning")
@pytest.mark.parametrize("engine", ["reference", "cpu"])
@settings(max_examples=30, deadline=None)
@given(cases())
def test_spike_for_spike(engine: Literal["reference", "cpu"], case: Case) -> None:
    net, cells, matrices = build(case, engine=engine)
    volts = [net.record(p, "v", every=STEPS // 4 * DT * sl.ms) for p in net.populations]
    result = net.run(STEPS * DT * sl.ms, progress=False)
    got = [spikes(result.spikes[p]) for p in net.populations]
    assert got == dense.run(cells, matrices, STEPS, DT)
    # The last sample is STEPS // 4 - 1 steps old, so the oracle is asked again for that time.
    _, again, matrices = build(case, engine=engine)
    dense.run(again, matrices, STEPS - STEPS // 4 + 1, DT)
    for trace, group in zip(volts, again, strict=True):
        np.testing.assert_allclose(result.states[trace].values[-1], group.v, rtol=1e-10)


@pytest.mark.filterwarnings("ignore::spikeloom.NetworkWarning")
def test_the_oracle_is_no_echo() -> None:
    """A delay or a weight that is off by a little is seen: the comparison can fail."""
    rng = np.random.default_rng(5)
    wire = Wire(0, 0, "all", 3 * rng.uniform(0.2, 1, (5, 5)), rng.integers(0, 4, (5, 5)))
    case = Case(
        ("delta",), (5,), (rng.uniform(-65, -51, 5),), (rng.uniform(0.16, 0.3, 5),), (20,), (wire,)
    )
    net, cells, matrices = build(case, engine="reference")
    want = [spikes(net.run(STEPS * DT * sl.ms).spikes["p0"])]
    assert len(want[0]) > 10
    later = {key: np.roll(m, 1, axis=0) for key, m in matrices.items()}
    heavier = {key: 1.02 * m for key, m in matrices.items()}
    for wrong in (later, heavier):
        fresh = [dense.Cells("delta", case.starts[0].copy(), case.drives[0], hold=20)]
        assert dense.run(fresh, wrong, STEPS, DT) != want
    assert dense.run(cells, matrices, STEPS, DT) == want
