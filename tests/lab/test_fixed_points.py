"""Fixed points against the numbers of the field, closed forms and finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reference_values import T1, Known, within

from spikeloom import lab, models
from spikeloom.compile.numeric import OPERATIONS
from spikeloom.equations import Input, Neuron, Param, State, exp, inflow, state
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import cm2, ms, mV, nA, one, pA, uA
from spikeloom.errors import CompileError, ParameterError, UnitError
from spikeloom.lab.kinds import kind_of
from spikeloom.lab.reduction import reduce
from spikeloom.lab.roots import all_roots
from spikeloom.lab.tape import SCALAR, tape
from spikeloom.lab.vector_field import vector_field
from spikeloom.models import (
    LIF,
    AdEx,
    FitzHughNagumo,
    HindmarshRose,
    HodgkinHuxley,
    Izhikevich,
    MorrisLecar,
    PinskyRinzel,
    PoissonNeuron,
    QuadraticIF,
    ThetaNeuron,
    TraubMiles,
)

NEURONS = [
    cell
    for name in dir(models)
    if isinstance(cell := getattr(models, name), type)
    and issubclass(cell, Neuron)
    and len(cell.definition.flow) == len(cell.definition.states)
]


def place(point: lab.FixedPoint) -> dict[str, float]:
    return dict(zip(point.names, point.values.tolist(), strict=True))


def test_rest_of_hodgkin_and_huxley(reference: Known) -> None:
    (rest,) = lab.fixed_points(HodgkinHuxley())
    expected = {"v": -64.99638, "m": 0.052955, "h": 0.595994, "n": 0.317732}
    for name, value in expected.items():
        reference("HodgkinHuxley", f"fixed point at I = 0: {name}", value, place(rest)[name],
                  within(1e-5), "two adaptive integrators", unit="mV" * (name == "v"))  # fmt: skip
    assert rest.kind == "stable focus"
    (other,) = lab.fixed_points(HodgkinHuxley(E_L=-54.3 * mV))
    reference("HodgkinHuxley", "fixed point with E_L = -54.3 mV: v", -64.97405, place(other)["v"],
              within(1e-5), "two adaptive integrators", unit="mV")  # fmt: skip


def test_rest_of_fitzhugh_and_nagumo(reference: Known) -> None:
    (rest,) = lab.fixed_points(FitzHughNagumo())
    for name, value in {"v": -1.19940804, "w": -0.62426004}.items():
        reference("FitzHughNagumo", f"fixed point at I = 0: {name}", value, place(rest)[name],
                  within(1e-8), "root of a cubic")  # fmt: skip


def test_rest_of_morris_and_lecar(reference: Known) -> None:
    (two,) = lab.fixed_points(MorrisLecar())
    reference("MorrisLecar", "fixed point of class II at I = 0: v", -60.855382, place(two)["v"],
              within(1e-6), "adaptive integration", unit="mV")  # fmt: skip
    reference("MorrisLecar", "fixed point of class II at I = 0: w", 0.014915, place(two)["w"],
              within(1e-6), "adaptive integration")  # fmt: skip
    one_, saddle, top = lab.fixed_points(MorrisLecar.class_one())
    reference("MorrisLecar", "fixed point of class I at I = 0: v", -59.473998, place(one_)["v"],
              within(1e-6), "adaptive integration", unit="mV")  # fmt: skip
    assert (one_.kind, saddle.kind, top.stable) == ("stable node", "saddle", False)


def test_rest_of_traub_and_miles_depends_on_its_leak(reference: Known) -> None:
    """Trap 1: with a leak to -60 mV an isolated cell has no rest and fires by itself."""
    assert not lab.fixed_points(TraubMiles(E_L=-60 * mV)).stable
    (rest,) = lab.fixed_points(TraubMiles(E_L=-65 * mV)).stable
    expected = {"v": -64.764629, "m": 0.010227, "h": 0.997410, "n": 0.028167}
    for name, value in expected.items():
        reference("TraubMiles", f"fixed point with E_L = -65 mV: {name}", value, place(rest)[name],
                  within(1e-6), "adaptive integration", unit="mV" * (name == "v"))  # fmt: skip


def test_rests_with_closed_forms(reference: Known) -> None:
    low, high = lab.fixed_points(Izhikevich())
    for point, v, kind in ((low, -70.0, "stable node"), (high, -50.0, "saddle")):
        reference("Izhikevich", f"fixed point at I = 0, {kind}: v", v, place(point)["v"], T1,
                  "root of a quadratic", unit="mV")  # fmt: skip
        assert point.kind == kind
    low, high = lab.fixed_points(QuadraticIF(), -2.0)
    for point, v in ((low, -np.sqrt(2)), (high, np.sqrt(2))):
        reference("QuadraticIF", f"fixed point at I = -2, {point.kind}", v, place(point)["v"], T1,
                  "-sqrt(-I) and sqrt(-I)")  # fmt: skip
    low, high = lab.fixed_points(ThetaNeuron(), -0.5)
    for point, sign in ((low, -1), (high, 1)):
        phase = sign * 2 * np.arctan(np.sqrt(0.5))
        reference("ThetaNeuron", f"fixed point at I = -0.5, {point.kind}", phase,
                  place(point)["phi"], T1, "2 atan(sqrt(-I))")  # fmt: skip
    assert not lab.fixed_points(QuadraticIF(), 0.5)


def test_adex_loses_its_rest_in_two_steps() -> None:
    quiet, between, gone = (lab.fixed_points(AdEx(), I * pA) for I in (627, 627.25, 627.4))
    assert [p.kind for p in quiet] == ["stable focus", "saddle"]
    assert [p.kind for p in between] == ["unstable focus", "saddle"]
    assert len(gone) == 0
    assert quiet.hybrid


def test_a_rest_beyond_the_threshold_is_virtual() -> None:
    found = lab.fixed_points(LIF(), 0.2 * nA)
    assert (len(found), len(found.virtual)) == (0, 1)
    assert found.virtual[0]["v"] == -45 * mV
    assert "beyond threshold" in repr(found)


@pytest.mark.parametrize("cell", NEURONS, ids=lambda c: c.__name__)
def test_derived_jacobians_agree_with_finite_differences(cell: Any) -> None:
    drive = {i.name: 0.3 for i in cell.definition.inputs if i.kind == "inflow"}
    try:
        field = vector_field("test", cell(), drive)
    except CompileError:
        assert cell().definition.name in ("PoissonNeuron", "SubtractiveIF")
        return
    x = np.array([field.start[name] for name in field.states]) + 0.0137
    step = 1e-6 * np.maximum(1, np.abs(x))
    sides = [field(x + d) - field(x - d) for d in np.diag(step)]
    expected = np.stack(sides, -1) / (2 * step)
    assert field.jacobian(x) == pytest.approx(expected, rel=1e-5, abs=1e-7)
    flow = tape(field.flow, [f"state:{n}" for n in field.states])
    assert flow(x.tolist()) == pytest.approx(field(x).tolist(), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("cell", NEURONS, ids=lambda c: c.__name__)
def test_every_rate_is_zero_at_every_fixed_point_of_the_library(cell: Any) -> None:
    if cell.__name__ in ("PoissonNeuron", "SubtractiveIF", "PerfectIF", "TrieschUnit"):
        return
    field = vector_field("test", cell(), {})
    found = lab.fixed_points(cell())
    for point in (*found.points, *found.virtual):
        x = np.array([place(point)[name] for name in field.states])
        assert np.abs(field(x)).max() < 1e-9
        assert np.linalg.eigvals(field.jacobian(x)).sum() == pytest.approx(
            point.eigenvalues.sum(), rel=1e-9, abs=1e-12
        )


def test_most_models_come_down_to_one_equation() -> None:
    for cell in (HodgkinHuxley, TraubMiles, PinskyRinzel, AdEx, HindmarshRose, MorrisLecar):
        assert len(reduce(vector_field("test", cell(), {})).core) == 1


def test_two_equations_that_cannot_be_reduced() -> None:
    class Pair(Neuron):
        """Two cells that excite each other; at rest both high, both low, or in between."""

        tau: Param = 10 * ms
        k: Param = 8.0
        x: State = state(one)
        y: State = state(one)
        I: Input = inflow(one)

        def flow(self, d: Any) -> None:
            d.x = (1 / (1 + exp(-self.k * (self.y - 0.5))) - self.x**3 - self.x + self.I) / self.tau
            d.y = (1 / (1 + exp(-self.k * (self.x - 0.5))) - self.y**3 - self.y + self.I) / self.tau

    found = lab.fixed_points(Pair(), within={"x": (-1, 2), "y": (-1, 2)})
    assert not found.complete
    for point in found:
        x, y = point.values
        assert 1 / (1 + np.exp(-8 * (y - 0.5))) == pytest.approx(x**3 + x, abs=1e-9)
        assert 1 / (1 + np.exp(-8 * (x - 0.5))) == pytest.approx(y**3 + y, abs=1e-9)
    assert {p.kind for p in found} >= {"stable node"}


@given(st.lists(st.floats(-4, 4), min_size=1, max_size=6, unique=True))
def test_all_roots_of_polynomials_are_found(roots: list[float]) -> None:
    wanted = np.array(sorted(roots))
    if len(wanted) > 1 and np.diff(wanted).min() < 0.05:
        return
    p = np.polynomial.Polynomial.fromroots(wanted)
    assert all_roots(p, p.deriv(), -5.0, 5.0) == pytest.approx(wanted, abs=1e-7)


def test_two_roots_within_a_cell_and_a_pole() -> None:
    pair = all_roots(lambda x: x**2 - 1e-10, lambda x: 2 * x, -3.0, 2.0)
    assert pair == pytest.approx([-1e-5, 1e-5], rel=1e-9)
    assert len(all_roots(lambda x: 1 / (x - 0.3), lambda x: -1 / (x - 0.3) ** 2, -1.0, 1.0)) == 0


def test_kinds() -> None:
    assert kind_of(np.array([1.0, 2.0])) == "unstable node"
    assert kind_of(np.array([1 + 1j, 1 - 1j, -3])) == "unstable focus"
    assert kind_of(np.array([1.0, -1 + 1j, -1 - 1j])) == "saddle"
    assert kind_of(np.array([0.0, -1.0])) == "degenerate"


def test_scalar_operations_mean_what_the_table_of_numbers_says() -> None:
    samples = (-800.0, -1.5, -0.3, 0.0, 0.3, 2.5, 700.0)
    two = {"add", "sub", "mul", "div", "min", "max", "pow", "lt", "le", "gt", "ge"}
    with np.errstate(all="ignore"):
        for name, function in SCALAR.items():
            if name in ("and", "or", "not", "select", "indicator"):
                continue
            for a in samples:
                args = [(a, b) for b in samples] if name in two else [(a,)]
                for given_ in args:
                    expected = OPERATIONS[name](*[np.float64(x) for x in given_])
                    assert float(function(*given_)) == pytest.approx(
                        float(expected), rel=1e-12, nan_ok=True
                    ), (name, given_)


def test_mistakes() -> None:
    with pytest.raises(ParameterError, match="no input 'J'"):
        lab.fixed_points(LIF(), 1 * nA, into="J")
    with pytest.raises(UnitError, match="input 'I'"):
        lab.fixed_points(LIF(), 1 * mV)
    with pytest.raises(ParameterError, match="population"):
        lab.fixed_points(LIF(tau=[10, 20] * ms))
    with pytest.raises(CompileError, match="no state"):
        lab.fixed_points(PoissonNeuron())
    with pytest.raises(CompileError, match="moves in steps"):
        lab.fixed_points(models.TrueNorthNeuron())
    with pytest.raises(ParameterError, match="lower one first"):
        lab.fixed_points(LIF(), within={"v": (0, -90) * mV})
    with pytest.raises(UnitError, match="v is in mV"):
        lab.fixed_points(LIF(), within={"v": (-90, 0)})
    with pytest.raises(ParameterError, match="no state 'u'"):
        lab.fixed_points(LIF(), within={"u": (-90, 0) * mV})
    with pytest.raises(ParameterError, match="constant"):
        lab.fixed_points(LIF(), [1, 2] * nA)
    with pytest.raises(ParameterError, match="neuron must be"):
        lab.fixed_points(LIF)  # type: ignore[arg-type]


def test_states_come_with_units() -> None:
    (rest,) = lab.fixed_points(HodgkinHuxley(), 5 * uA / cm2)
    assert isinstance(rest["v"], Quantity)
    assert rest["v"].unit == mV
    assert rest.frequency is not None
    assert 50 < float(rest.frequency.value) < 120
