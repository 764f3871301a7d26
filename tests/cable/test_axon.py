"""The squid axon as a cable: the speed of its action potential."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference_values import Known, relative, within

from spikeloom.cable import Cable, CableRun, Morphology
from spikeloom.engines.cpu import CPU
from spikeloom.engines.reference import Reference
from spikeloom.equations.units import Ohm, cm, ms, uA, um
from spikeloom.models import HodgkinHuxley
from spikeloom.network import Step

WARM = 3 ** ((18.5 - 6.3) / 10)
FIRST, LAST = ("cable", 5.01 / 12), ("cable", 9.01 / 12)


def axon(radius: float, inside: float, phi: float, dx: float = 0.02) -> Cable:
    shape = Morphology.cylinder(12 * cm, 2 * radius * um)
    count = round(12 / dx)
    return Cable(shape, HodgkinHuxley(phi=phi), Ri=inside * Ohm * cm, compartments=count)


def kicked(cable: Cable, duration: float, dt: float = 0.005, engine: object = None) -> CableRun:
    return cable.run(
        duration * ms,
        dt=dt * ms,
        inject={("cable", 0): Step(20 * uA, stop=0.5 * ms)},
        record=[("cable", 7 / 12)],
        detect=[FIRST, LAST],
        engine=engine,
    )


@pytest.mark.parametrize(
    ("radius", "inside", "phi", "speed", "peak"),
    [
        (238, 35.4, WARM, 18.73, 25.6),
        (238, 35.4, 1.0, 12.314, 37.98),
        (250, 100.0, 1.0, 7.506, None),
    ],
)
def test_the_action_potential_travels_at_the_known_speed(
    radius: float, inside: float, phi: float, speed: float, peak: float | None, reference: Known
) -> None:
    run = kicked(axon(radius, inside, phi), 9 if phi > 1 else 16)
    assert [len(times) for times in run.spikes.values()] == [1, 1]
    what = f"{2 * radius:g} µm wide, {inside:g} Ohm cm, {18.5 if phi > 1 else 6.3} °C"
    got, source = run.velocity(FIRST, LAST), "a second method, dx to 0; dx = 0.02 cm, dt = 0.005 ms"
    reference("Cable, squid axon", f"speed, {what}", speed, got, relative(5e-3), source, "m/s")
    if peak is not None:
        top = run.v.max()
        reference("Cable, squid axon", f"peak, {what}", peak, top, within(0.1), source, "mV")


def test_the_speed_depends_on_the_grid_as_known(reference: Known) -> None:
    fine, coarse = (kicked(axon(238, 35.4, WARM, dx), 9) for dx in (0.02, 0.04))
    for dx, run, known in ((0.02, fine, 18.725), (0.04, coarse, 18.707)):
        reference(
            "Cable, squid axon", f"speed at 18.5 °C with dx = {dx:g} cm", known,
            run.velocity(FIRST, LAST), relative(5e-4), "a second method", "m/s",
        )  # fmt: skip


def test_the_speed_grows_with_the_root_of_radius_over_resistivity() -> None:
    # At compartments of the same electrotonic length the scaling is exact, not only nearly so.
    one = kicked(axon(238, 35.4, 1.0), 14).velocity(FIRST, LAST)
    wide = 4 * 238
    shape = Morphology.cylinder(24 * cm, 2 * wide * um)
    twice = Cable(shape, HodgkinHuxley(), Ri=35.4 * Ohm * cm, compartments=600)
    run = twice.run(
        14 * ms,
        dt=0.005 * ms,
        inject={("cable", 0): Step(20 * 8 * uA, stop=0.5 * ms)},
        record=[],
        detect=[FIRST, LAST],
    )
    assert run.velocity(FIRST, LAST) == pytest.approx(2 * one, rel=1e-9)
    known = 12.312 * ((250 / 100) / (238 / 35.4)) ** 0.5
    assert kicked(axon(250, 100, 1.0), 16).velocity(FIRST, LAST) == pytest.approx(known, rel=1e-3)


def test_the_native_engine_agrees_with_the_reference() -> None:
    shape = Morphology.cylinder(2000 * um, 4 * um)
    cable = Cable(shape, HodgkinHuxley(), Ri=100 * Ohm * cm, compartments=25)
    options = dict(
        dt=0.02 * ms, inject={("cable", 0): Step(3e-3 * uA, stop=0.5 * ms)}, states=("m", "h", "n")
    )
    truth = cable.run(8 * ms, engine=Reference(), **options)
    assert truth.v[:, -1].max() > 20
    fast = cable.run(8 * ms, engine=CPU("float64"), **options)
    np.testing.assert_allclose(fast.v, truth.v, rtol=0, atol=1e-9)
    for name in ("m", "h", "n"):
        np.testing.assert_allclose(fast.states[name], truth.states[name], rtol=0, atol=1e-12)
    short = cable.run(8 * ms, engine=CPU("float32"), **options)
    assert np.abs(short.v - truth.v).max() < 2e-2
