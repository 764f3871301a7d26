"""Bad input to the chips' neurons: refused by name, with what was expected and what came."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeloom import (
    FixedProbability,
    Impulse,
    LoihiNeuron,
    Network,
    Result,
    TrueNorthNeuron,
    learn,
    ms,
    mV,
    normal,
    simulate,
)
from spikeloom.engines.cpu import CPU
from spikeloom.engines.fixed import Fixed, FixedReference
from spikeloom.equations import integer
from spikeloom.errors import ModelError, SpikeloomError

PARAMETERS: list[tuple[dict[str, Any], str]] = [
    ({"alpha": -1}, "alpha must be a whole number in uint18, from 0 to 262143; got -1"),
    ({"alpha": 2**18}, "got 262144"),
    ({"alpha": 1.5}, "got 1.5"),
    ({"alpha": np.array([1, 2.5])}, "got 2.5"),
    ({"alpha": np.nan}, "got nan"),
    ({"alpha": 1e30}, "got 1e+30"),
    ({"alpha": 3 * mV}, "without a unit; got 3 mV"),
    ({"alpha": "3"}, "alpha is a whole number in uint18; got '3' (str)"),
    ({"alpha": True}, "got True (bool)"),
    ({"alpha": None}, "got None (NoneType)"),
    ({"alpha": 1j}, "got 1j (complex)"),
    ({"alpha": learn(3)}, "a whole number; got learn(3)"),
    ({"alpha": normal(3, 1)}, "a whole number; got normal(3, 1)"),
    ({"beta": -5}, "beta must be a whole number in uint18"),
    ({"s": (300, 0, 0, 0)}, "s0 must be a whole number in int9"),
    ({"s": (3, 0, 0)}, "s stands for 4 values, got 3"),
    ({"s": (1, 2, 3, 4), "s0": 5}, "s0 is given twice"),
    ({"TM": 19}, "from 0 to 18; got 19"),
    ({"gamma": 3}, "from 0 to 2; got 3"),
    ({"treshold": 3}, "no parameter 'treshold'"),
]


@pytest.mark.parametrize(("given", "word"), PARAMETERS, ids=lambda x: str(x)[:40])
def test_parameters(given: dict[str, Any], word: str) -> None:
    with pytest.raises(SpikeloomError) as error:
        TrueNorthNeuron(**given)
    assert word in str(error.value)


def test_parameters_of_more_bits_than_numbers_keep() -> None:
    with pytest.raises(ModelError, match="more than 53 bits"):
        integer(2**60 + 1, bits=62)


RUNS: list[tuple[dict[str, Any], str]] = [
    ({"state": {"v": np.array([2**19])}}, "state 'v' must be a whole number in int20"),
    ({"state": {"v": np.array([-(2**19) - 1])}}, "from -524288 to 524287; got -524289"),
    ({"state": {"v": np.array([0.5])}}, "got 0.5"),
    ({"state": {"v": np.array([np.nan])}}, "NaN"),
    ({"state": {"v": np.array([1, 2])}}, "must be (1,), got (2,)"),
    ({"state": {"w": np.array([1])}}, "state must hold ['v'], got ['w']"),
    ({"a0": -1}, "input 'a0' must be a whole number in uint9, from 0 to 511; got -1"),
    ({"a0": 512}, "got 512"),
    ({"a0": 0.5}, "got 0.5"),
    ({"a0": np.full((5, 1), np.nan)}, "NaN"),
    ({"a7": 1}, "no input 'a7'"),
    ({"seed": "x"}, "seed must be a whole number, got 'x'"),
    ({"seed": 1.5}, "got 1.5"),
    ({"seed": True}, "got True"),
    ({"seed": None}, "got None"),
    ({"first": -1}, "first"),
    ({"engine": CPU()}, "whole numbers"),
]


@pytest.mark.parametrize("engine", [Fixed(), FixedReference()], ids=repr)
@pytest.mark.parametrize(("given", "word"), RUNS, ids=lambda x: str(x)[:40])
def test_runs(given: dict[str, Any], word: str, engine: Any) -> None:
    with pytest.raises(SpikeloomError) as error:
        simulate(TrueNorthNeuron(), 5 * ms, **{"engine": engine, **given})
    assert word in str(error.value)


@pytest.mark.parametrize("seed", [-1, 0, 2**64 - 1, 2**70])
def test_any_whole_number_is_a_seed(seed: int) -> None:
    """The same in both engines, and other seeds give other runs."""
    neuron = TrueNorthNeuron(lam=51, c=1, alpha=10, gamma=1)
    runs = [
        simulate(neuron, 300 * ms, size=9, seed=s, engine=engine).spike_times
        for s, engine in ((seed, Fixed()), (seed, FixedReference()), (seed + 1, Fixed()))
    ]
    assert np.array_equal(runs[0], runs[1]) and not np.array_equal(runs[0], runs[2])


def test_a_run_that_is_saved_and_opened(tmp_path: Path) -> None:
    """Potentials and spikes of whole numbers come back from a file as they were."""
    found: list[Result] = []
    for to in (None, tmp_path / "run.h5"):
        net = Network(dt=1 * ms, seed=4)
        cells = net.population(70, LoihiNeuron(bias=300), name="cells", v=np.arange(70) * 60)
        net.connect(cells, cells, Impulse("a"), FixedProbability(0.2), weight=-3, delay=4 * ms)
        net.record(cells)
        net.record(cells, "v")
        found.append(net.run(60 * ms, to=to))
    again = Result.load(tmp_path / "run.h5")
    assert found[0].spikes["cells"].times.size > 20
    for made in (found[1], again):
        assert np.array_equal(made.spikes["cells"].times, found[0].spikes["cells"].times)
        assert np.array_equal(made.spikes["cells"].ids, found[0].spikes["cells"].ids)
        v = np.asarray(made.states["cells"].values)
        assert np.array_equal(v, found[0].states["cells"].values) and (v == np.rint(v)).all()
