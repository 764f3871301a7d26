"""Draws and resets that are skipped where no neuron needs them change no bit of an answer."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pytest

from spikeloom.compile import bind, compile_neuron
from spikeloom.compile.values import numbers
from spikeloom.engines import Chance
from spikeloom.engines.cpu import CPU
from spikeloom.engines.cpu.rarely import rarely
from spikeloom.engines.reference import Reference
from spikeloom.equations import Condition, Input, Neuron, Param, State, chance, inflow, state
from spikeloom.equations.refractory import Refractory
from spikeloom.equations.units import ms, mV
from spikeloom.models import GLIF, LIF, MihalasNiebur, ProbabilisticLIF

LONG_RESETS = {"MihalasNiebur": (MihalasNiebur(), 6.0), "GLIF": (GLIF(), 1500.0),
               "refractory": (Refractory(GLIF(), 2 * ms, hold=("v",)), 1500.0)}  # fmt: skip


def parts_of(neuron: Any) -> Any:
    program = compile_neuron(neuron)
    return rarely(program.forward, [*(f"state:{n}" for n in program.states), "out"])


@pytest.mark.parametrize("name", LONG_RESETS)
def test_a_long_reset_is_skipped(name: str) -> None:
    parts = parts_of(LONG_RESETS[name][0])
    assert parts is not None and not parts.chance
    assert set(parts.before).isdisjoint(parts.rest)


def test_a_short_reset_is_not() -> None:
    assert parts_of(LIF()) is None


@pytest.mark.parametrize("neuron", [ProbabilisticLIF(), Refractory(ProbabilisticLIF(), 2 * ms)])
def test_a_draw_is_skipped_below_threshold(neuron: Any) -> None:
    parts = parts_of(neuron)
    assert parts is None or parts.chance == compile_neuron(neuron).random


class Wavering(Neuron):
    """Its chance comes before its threshold."""

    v: State = state(mV)
    p: Param = 0.5
    I: Input = inflow(mV / ms)

    def flow(self, d: Self) -> None:
        d.v = self.I

    def fires(self) -> Condition:
        return chance(self.p) & (self.v >= 1 * mV)

    def reset(self, after: Self) -> None:
        after.v = 0 * mV


@pytest.mark.parametrize("size", [1, 63, 65, 200])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", LONG_RESETS)
def test_states_and_spikes_are_those_of_the_forward_kernel(
    name: str, dtype: Any, size: int
) -> None:
    neuron, strong = LONG_RESETS[name]
    program = compile_neuron(neuron)
    bound = bind(program, numbers(neuron), 0.1)
    rng = np.random.default_rng(size)
    drive = rng.uniform(0, strong, (400, 1, size)).astype(dtype)
    engine = CPU(dtype, threads=1)
    first = bound.initial(1, size).astype(dtype)
    f = engine.forward(program, bound.coefs, {"I": drive}, first, 400)
    m = engine.simulate(program, bound.coefs, first[:, 0], 400, {"I": drive[:, 0]})
    assert 0 < f.out.mean() < 0.9
    np.testing.assert_array_equal(m.state, f.state[:, 0], strict=True)
    np.testing.assert_array_equal((m.spike_steps, m.spike_ids), np.nonzero(f.out[:, 0]))


@pytest.mark.parametrize(
    "neuron", [ProbabilisticLIF(p=0.3), Wavering(), Refractory(ProbabilisticLIF(), 0.3 * ms)]
)
def test_chance_decides_as_in_the_reference(neuron: Any) -> None:
    program = compile_neuron(neuron)
    bound = bind(program, numbers(neuron), 0.1)
    drive = {"I": np.linspace(0.0, 1.0, 150)}
    start = bound.initial(1, 150)[:, 0]
    source = Chance.of(program, 5, "test")
    ours, theirs = (
        engine.simulate(program, bound.coefs, start, 300, drive, chance=source)
        for engine in (CPU("float64", threads=1), Reference())
    )
    assert theirs.spike_ids is not None and len(theirs.spike_ids) > 100
    np.testing.assert_array_equal(ours.spike_steps, theirs.spike_steps)
    np.testing.assert_array_equal(ours.spike_ids, theirs.spike_ids)
    np.testing.assert_allclose(ours.state, theirs.state, rtol=1e-9)
