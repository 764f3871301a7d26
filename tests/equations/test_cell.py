"""Cells: a neuron and its synapses as one model."""

from __future__ import annotations

from typing import Any

import pytest

from spikeloom.compile import compile_neuron
from spikeloom.equations import Cell, Refractory, normal
from spikeloom.equations.units import ms, mV, nA, nS, pA
from spikeloom.errors import ModelError, ParameterError, UnitError
from spikeloom.models import (
    LIF,
    NMDA,
    AlphaConductance,
    ConductanceLIF,
    CubaLIF,
    Delta,
    ExponentialConductance,
    ExponentialCurrent,
    FitzHughNagumo,
    Izhikevich,
)

INHIBITION = ExponentialConductance(tau=10 * ms, E=-80 * mV)


def both() -> Cell:
    return Cell(Refractory(ConductanceLIF(), 5 * ms), exc=ExponentialConductance(), inh=INHIBITION)


def test_a_cell_is_a_value(sent: Any) -> None:
    cell = both()
    assert repr(cell) == (
        "Cell(Refractory(ConductanceLIF(), 5 * ms), exc=ExponentialConductance(), "
        "inh=ExponentialConductance(tau=10 * ms, E=-80 * mV))"
    )
    assert eval(repr(cell)) == cell == sent(cell)
    assert hash(cell) == hash(sent(cell)) and sent(cell).definition == cell.definition
    assert cell != cell.replace(inh_tau=9 * ms) != cell
    with pytest.raises(ParameterError, match="frozen"):
        cell.into = "J"


def test_a_cell_is_one_definition() -> None:
    d = both().definition
    assert d.name == "ConductanceLIF"
    assert [s.name for s in d.states] == ["v", "exc_g", "inh_g"]
    assert [(i.name, i.unit, i.kind) for i in d.inputs] == [
        ("I", pA, "inflow"), ("exc", nS, "impulse"), ("inh", nS, "impulse"),
    ]  # fmt: skip
    assert str(d.flow["v"]) == ("(g_L*(E_L - v) + (I + exc_g*(exc_E - v) + inh_g*(inh_E - v)))/C")
    assert str(d.flow["inh_g"]) == "-inh_g/inh_tau"
    assert {n: str(x) for n, x in d.receive.items()} == {
        "exc_g": "exc_g + exc", "inh_g": "inh_g + inh",
    }  # fmt: skip
    assert (d.period, d.hold) == ("period", ("v",))
    assert both().values["inh_E"] == -80 * mV
    assert set(both().values) == {p.name for p in d.params}


def test_a_cell_without_receptors_is_its_neuron() -> None:
    assert Cell(LIF()).definition == LIF.definition
    assert dict(Cell(LIF()).values) == dict(LIF().values)


def test_changes() -> None:
    cell = Cell(LIF(), exc=ExponentialCurrent())
    assert cell.replace(tau=5 * ms, exc_tau=2 * ms, inh=Delta()) == Cell(
        LIF(tau=5 * ms), exc=ExponentialCurrent(tau=2 * ms), inh=Delta()
    )
    assert Cell(LIF(), exc=ExponentialCurrent(tau=normal(5, 1) * ms)).values["exc_tau"] == (
        normal(5, 1) * ms
    )
    with pytest.raises(ParameterError, match="no parameter 'exc_tua'"):
        cell.replace(exc_tua=2 * ms)


def test_an_impulse_of_the_neuron_stays() -> None:
    cell = Cell(CubaLIF(), fast=Delta())
    assert [i.name for i in cell.definition.inputs] == ["x", "fast"]
    assert {n: str(x) for n, x in cell.definition.receive.items()} == {
        "i": "i + x", "v": "v + fast",
    }  # fmt: skip


def test_two_kicks_add() -> None:
    assert str(Cell(LIF(), a=Delta(), b=Delta()).definition.receive["v"]) == "v + a + b"


@pytest.mark.parametrize(
    ("cell", "method"),
    [
        (Cell(LIF(), exc=ExponentialCurrent(), fast=Delta()), "Exact()"),
        (both(), "ExponentialEuler()"),
        (Cell(ConductanceLIF(), exc=AlphaConductance()), "ExponentialEuler()"),
        (Cell(ConductanceLIF(), exc=NMDA()), "RK4()"),
    ],
    ids=["currents", "conductances", "alpha", "nmda"],
)
def test_the_method_follows_from_the_whole(cell: Cell, method: str) -> None:
    assert compile_neuron(cell).method == method


@pytest.mark.parametrize(
    ("wrong", "kind", "word"),
    [
        (lambda: Cell(LIF, exc=Delta()), ParameterError, "LIF()"),  # type: ignore[arg-type]
        (lambda: Cell(3), ParameterError, "int"),  # type: ignore[arg-type]
        (lambda: Cell(Cell(LIF())), ModelError, "cell.replace"),  # type: ignore[arg-type]
        (lambda: Cell(LIF(), exc=Delta), ParameterError, "Delta()"),  # type: ignore[arg-type]
        (lambda: Cell(LIF(), exc=2 * nS), ParameterError, "takes a synapse"),  # type: ignore[arg-type]
        (lambda: Cell(LIF(), dt=Delta()), ModelError, "cannot be the name"),
        (lambda: Cell(LIF(), v=Delta()), ModelError, "'v' would mean two things"),
        (lambda: Cell(LIF(), I=Delta()), ModelError, "'I' would mean two things"),
        (lambda: Cell(LIF(), tau=Delta()), ModelError, "'tau' would mean two things"),
        (lambda: Cell(LIF(), into="J", exc=ExponentialCurrent()), ModelError, "no inflow 'J'"),
        (lambda: Cell(CubaLIF(), exc=ExponentialCurrent()), ModelError, "no inflow 'I'"),
        (lambda: Cell(Izhikevich(), exc=ExponentialCurrent()), UnitError, "inflow 'I'"),
        (lambda: Cell(FitzHughNagumo(), exc=Delta()), UnitError, "acts on a potential"),
        (lambda: Refractory(Cell(LIF()), 2 * ms), ParameterError, "Cell(Refractory("),  # type: ignore[arg-type]
        (lambda: Cell(LIF(), exc=ExponentialCurrent()).replace(exc=1 * nA), ParameterError, "exc"),
    ],
)
def test_wrong_cells(wrong: Any, kind: type[Exception], word: str) -> None:
    with pytest.raises(kind) as caught:
        wrong()
    assert type(caught.value) is kind
    assert word in str(caught.value)
