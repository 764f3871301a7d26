"""A network's potentials against closed forms and against an integrator with error control."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import spikeloom as sl


@pytest.mark.parametrize("power", [0, 3, 6, 10])
@pytest.mark.parametrize("engine", ["reference", "cpu"])
@pytest.mark.filterwarnings("ignore::spikeloom.NetworkWarning")
def test_a_constant_current_charges_exactly_at_every_step(engine: Any, power: int) -> None:
    """v(T) = E + R I (1 - exp(-T / tau)), to 1e-13 after 5 ms and 1e-9 after 500 ms."""
    dt = 2.0**-power * sl.ms
    net = sl.Network(dt, dtype="float64", engine=engine)
    drive = np.array([0.01, 0.1, 0.149])
    cells = net.population(3, sl.LIF(), I=drive * sl.nA)
    volts = net.record(cells, "v")
    for until, tolerance in ((5.0, 1e-13), (500.0, 1e-9)):
        if engine == "reference" and power > 6 and until > 5:
            continue
        result = net.run((until - net.time) * sl.ms)
        want = -65 + 100 * drive * -np.expm1(-until / 20)
        np.testing.assert_allclose(
            result.states[volts].values[-1], want, rtol=0, atol=max(tolerance, 65 * 4e-16)
        )


@pytest.mark.parametrize("engine", ["reference", "cpu"])
@pytest.mark.filterwarnings("ignore::spikeloom.NetworkWarning")
def test_adex_follows_an_integrator_with_error_control(engine: Any) -> None:
    """Up to the first spike: v within 5e-4 and w within 1e-4 (relative), at dt = 0.01 ms."""
    p = {name: float(value.value) for name, value in sl.AdEx().values.items()}
    drive = 700.0
    net = sl.Network(0.01 * sl.ms, dtype="float64", engine=engine)
    cell = net.population(1, sl.AdEx(), I=drive * sl.pA)
    volts, adapt, spikes = net.record(cell, "v"), net.record(cell, "w"), net.record(cell)
    result = net.run(60 * sl.ms)
    first = result.spikes[spikes].times[0]
    times = result.states[volts].times
    before = times < first - 0.1

    def rates(_: float, y: Any) -> list[float]:
        v, w = y
        leak = -p["g"] * (v - p["E"])
        up = p["g"] * p["D"] * np.exp((v - p["v_T"]) / p["D"])
        return [(leak + up - w + drive) / p["C"], (p["a"] * (v - p["E"]) - w) / p["tau_w"]]

    want = solve_ivp(
        rates, (0, times[before][-1]), [p["E"], 0.0], "LSODA", times[before], rtol=1e-10, atol=1e-12
    ).y
    np.testing.assert_allclose(result.states[volts].values[before, 0], want[0], rtol=5e-4)
    np.testing.assert_allclose(
        result.states[adapt].values[before, 0], want[1], rtol=1e-4, atol=1e-4 * want[1].max()
    )
