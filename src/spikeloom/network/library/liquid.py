"""A liquid state machine: a column of neurons whose activity remembers what it was given."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from spikeloom.equations import Refractory, uniform
from spikeloom.equations.units import Hz, ms, mV, nA, nS, pF
from spikeloom.errors import ParameterError
from spikeloom.models import ConductanceLIF, ExponentialCurrent, TsodyksMarkram
from spikeloom.network.library.example import RATE, Band, Built, Example, Setup, settled
from spikeloom.network.result import Result
from spikeloom.network.rules import Distance, EdgeList, FixedProbability, GaussianProfile
from spikeloom.network.sources import PoissonSpikes, Spikes

Array = np.ndarray[Any, np.dtype[Any]]
SHAPE = (15, 3, 3)
REACH = 2.0
"""The lambda of the chance C exp(-(D / lambda)^2), in distances of neighbours."""
CHANCE = {"EE": 0.3, "EI": 0.2, "IE": 0.4, "II": 0.1}
AMPLITUDE = {"EE": 30.0, "EI": 60.0, "IE": -19.0, "II": -19.0}
"""Mean weights in nA."""
NAME = "{0} to {1}"


def liquid(setup: Setup, *, given: Spikes | None = None) -> Built:
    """135 neurons on 15 x 3 x 3 places, a fifth of them inhibitory, with dynamic synapses.

    Amplitudes are gamma distributed with the standard deviation of their mean; U, D and F are the
    means of the paper. Each input train reaches a third of the neurons.

    Arguments:
        setup: What may be chosen.
        given: Input trains; None for four of 20 Hz.

    Source: Maass, Natschlaeger & Markram 2002, Neural Comput. 14:2531, appendix B.

    Raises:
        ParameterError: A scale; the column is what it is.
    """
    if setup.scale != 1.0:
        raise ParameterError("liquid: the column of 135 neurons has no scale.")
    net = setup.network()
    rng = np.random.Generator(np.random.Philox(key=np.array([setup.seed, 2002], np.uint64)))
    places = rng.permutation(np.array(list(product(*map(range, SHAPE))), float))
    here = {"E": places[:108], "I": places[108:]}
    # 30 ms and 1 MOhm.
    neuron = ConductanceLIF(
        C=30_000 * pF, g_L=1000 * nS, E_L=0 * mV, theta=15 * mV, v_reset=13.5 * mV
    )
    cells = {
        kind: net.population(
            len(here[kind]), Refractory(neuron, rest * ms), name=kind,
            v=uniform(13.5, 15) * mV, I=13.5 * nA,
        )
        for kind, rest in (("E", 3), ("I", 2))
    }  # fmt: skip
    for pre, post in product("EI", "EI"):
        both, name = pre + post, NAME.format(pre, post)
        rows, columns = pairs(setup.seed, name, CHANCE[both], here[pre], here[post], pre == post)
        weights = AMPLITUDE[both] * rng.gamma(1.0, size=len(rows))
        net.connect(
            cells[pre], cells[post], ExponentialCurrent(tau=(3 if pre == "E" else 6) * ms),
            EdgeList(rows, columns), weight=weights * nA,
            delay=(1.5 if both == "EE" else 0.8) * ms - setup.dt, name=name,
            learning=TsodyksMarkram.cortical(both).replace(scale=np.sign(AMPLITUDE[both]) * nA),
        )  # fmt: skip
    spikes = PoissonSpikes(20 * Hz) if given is None else given
    trains = net.source(spikes, size=4 if given is None else None, name="input")
    for kind, weight in (("E", 18.0), ("I", 9.0)):
        net.connect(
            trains, cells[kind], ExponentialCurrent(tau=3 * ms), FixedProbability(1 / 3),
            weight=weight * nA,
        )  # fmt: skip
    whole = cells["E"] + cells["I"]
    return Built(net, net.record(whole, "spikes"), net.record(cells["E"][:3], "v"))


def pairs(
    seed: int, name: str, chance: float, source: Array, target: Array, same: bool
) -> tuple[Array, Array]:
    """Sources and targets, connected with the chance C exp(-(D / lambda)^2)."""
    rule = Distance(GaussianProfile(chance, REACH / 2**0.5))
    indptr, columns = rule.build(
        len(source), len(target), seed=seed, entity=name, same_population=same,
        source_positions=source, target_positions=target,
    )  # fmt: skip
    return np.repeat(np.arange(len(source)), np.diff(indptr)), columns.astype(np.int64)


def wiring(built: Built, result: Result, settle: float) -> dict[str, float]:
    """How many synapses there are of each kind, and the rate."""
    counts = {f"synapses {p.name}": float(len(p)) for p in built.net.projections[:4]}
    return {**counts, RATE: settled(result.spikes[built.spikes], settle).rate()}


def _band(pre: str, post: str, mean: float) -> Band:
    slack = 4 * mean**0.5
    return Band(f"synapses {NAME.format(pre, post)}", max(mean - slack, 0), mean + slack)


LIQUID = Example(
    name="liquid",
    title="Liquid state machine",
    source="Maass, Natschlaeger & Markram 2002, Neural Comput. 14:2531",
    build=liquid,
    bands=(
        _band("E", "E", 418), _band("E", "I", 70), _band("I", "E", 141), _band("I", "I", 8.5),
    ),
    settle=0.0,
    duration=500.0,
    measure=wiring,
)  # fmt: skip
"""The bands are four standard deviations around the mean over placements."""
