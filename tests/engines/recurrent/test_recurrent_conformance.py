"""Native kernels of joined neurons against the reference: spikes, states and every gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.engines.recurrent.situation import (
    REFERENCE,
    Situation,
    every_gradient,
    random_grads,
    situation,
    truth,
)

from spikeloom import models as m
from spikeloom.engines.cpu import CPU, recurrent
from spikeloom.equations import Refractory
from spikeloom.equations.units import ms
from spikeloom.testing.compare import assert_close

CASES: dict[str, dict[str, Any]] = {
    "lif": {},
    "cuba_lif": {"neuron": m.CubaLIF(), "drive": 0.15},
    "alif": {"neuron": m.ALIF()},
    "adex": {"neuron": m.AdEx(), "drive": 1500.0, "dt": 0.25, "steps": 60},
    "izhikevich": {"neuron": m.Izhikevich(), "drive": 12.0, "dt": 0.5, "steps": 60},
    "refractory_lif": {"neuron": Refractory(m.LIF(), 3 * ms), "drive": 0.4},
    "two inputs": {"neuron": m.ConductanceLIF(), "drive": 200.0},
    "given noise": {"neuron": m.DiffusionLIF(), "drive": 0.2},
    "chance": {"neuron": Refractory(m.EscapeLIF(), 3 * ms), "drive": 0.2},
    "no neuron": {"size": 0},
    "one neuron": {"size": 1},
    "a hundred and thirty": {"size": 130},
    "per neuron": {"spread": True},
    "no sample": {"batch": 0},
    "many samples": {"batch": 50, "size": 20},
    "no step": {"steps": 0},
    "one step": {"steps": 1},
    "silent": {"kind": "silent"},
    "all firing": {"kind": "firing"},
    "ties": {"neuron": m.PerfectIF(), "kind": "ties", "steps": 3, "drive": 1.0},
    "nan": {"kind": "nan"},
    "delays": {"depth": 4, "size": 70},
    "delays longer than the run": {"depth": 9, "steps": 4},
}

QUIET = {"silent", "no neuron", "no sample", "no step", "one step", "delays longer than the run"}


def both(s: Situation, dtype: Any) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Everything by name, native and true. Where rounding tips a spike, the test says so."""
    grads = random_grads(s)
    answers = []
    for engine, functions in ((CPU(dtype, threads=1), recurrent), (REFERENCE, truth)):
        ahead = s.forward(engine, functions)
        back = s.backward(engine, functions, ahead, grads)
        answers.append({"out": ahead.out, "last": ahead.state, **every_gradient(back)})
    return answers[0], answers[1]


@pytest.mark.parametrize("name", CASES)
def test_native_is_the_reference(name: str) -> None:
    s = situation(**CASES[name])
    ours, true = both(s, "float64")
    if name not in QUIET:
        assert true["out"].sum() > 0
    for what, expected in true.items():
        with np.errstate(all="ignore"):
            largest = np.nanmax(np.abs(np.where(np.isfinite(expected), expected, 0)), initial=0.0)
        assert_close(
            f"{name}: {what}", ours[what], expected, relative=1e-8, absolute=1e-9 * largest
        )


@pytest.mark.parametrize(
    "name", ["lif", "cuba_lif", "a hundred and thirty", "delays", "per neuron"]
)
def test_in_single_precision(name: str) -> None:
    ours, true = both(situation(**CASES[name]), "float32")
    np.testing.assert_array_equal(ours["out"], true["out"])
    for what, expected in true.items():
        largest = float(np.abs(expected).max(initial=0.0))
        assert_close(f"{name}: {what}", ours[what], expected, relative=0, absolute=1e-5 * largest)


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_threads_change_no_bit(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from spikeloom.engines.cpu import pool

    s = situation(size=130, batch=50, steps=12, depth=3)
    grads = random_grads(s)
    found = []
    for count in (1, threads):
        engine = CPU("float32", threads=count)
        if count > 1:
            monkeypatch.setattr(pool, "WORK_PER_THREAD", 1)
        ahead = s.forward(engine, recurrent)
        back = s.backward(engine, recurrent, ahead, grads)
        found.append({"out": ahead.out, "last": ahead.state, **every_gradient(back)})
    for what, alone in found[0].items():
        assert alone.tobytes() == found[1][what].tobytes(), what


def test_a_sample_does_not_depend_on_its_company() -> None:
    s = situation(size=70, batch=20)
    whole = s.forward(CPU("float32"), recurrent)
    part = Situation(
        s.program, s.coefs, {n: x if x is None else x[:, 7:8] for n, x in s.inputs.items()},
        s.state[:, 7:8], s.past[:, 7:8], s.recurrence, s.steps,
    ).forward(CPU("float32"), recurrent)  # fmt: skip
    assert part.out.tobytes() == np.ascontiguousarray(whole.out[:, 7:8]).tobytes()
    assert part.state.tobytes() == np.ascontiguousarray(whole.state[:, 7:8]).tobytes()


def test_silent_sources_are_never_read() -> None:
    """Rows of sources that never fire may hold anything: the cost is that of the spikes."""
    s = situation(kind="silent")
    wild = Situation(
        s.program, s.coefs, s.inputs, s.state, s.past,
        type(s.recurrence)(np.full_like(s.recurrence.weight, np.nan), "I", s.recurrence.delays),
        s.steps,
    )  # fmt: skip
    for engine, functions in ((CPU("float32"), recurrent), (REFERENCE, truth)):
        assert np.isfinite(wild.forward(engine, functions).state).all()
