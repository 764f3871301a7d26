"""The models as definitions: complete, sourced, documented, and in units that need no factors."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikeloom import models
from spikeloom.equations import Neuron, Surrogate, Synapse
from spikeloom.equations.units import Hz, kHz, ms, mV, one, second

EVERY = [m for name in dir(models) if isinstance(m := getattr(models, name), type)]
NEURONS = [m for m in EVERY if issubclass(m, Neuron)]
SURROGATES = [m for m in EVERY if issubclass(m, Surrogate)]
SYNAPSES = [m for m in EVERY if issubclass(m, Synapse)]


def test_one_model_a_file_and_every_model_exported() -> None:
    folder = Path(models.__file__).parent
    found = [p for p in folder.glob("*/*.py") if p.parent.name != "patterns"]  # tables, no models
    files = {p.stem for p in found if p.stem != "__init__"}
    assert files == {m.__module__.rpartition(".")[2] for m in EVERY}
    assert len(files) == len(EVERY)


@pytest.mark.parametrize("model", EVERY, ids=lambda m: m.__name__)
def test_every_model_names_its_source(model: type[Neuron | Surrogate | Synapse]) -> None:
    definition = model.definition
    assert any(str(year) in definition.source for year in range(1900, 2030))
    assert definition.doc.partition("\n")[0].endswith((".", ","))


@pytest.mark.parametrize("model", NEURONS, ids=lambda m: m.__name__)
def test_no_model_needs_a_factor(model: type[Neuron]) -> None:
    d = model.definition
    declared = [x.unit for group in (d.params, d.states, d.inputs) for x in group]
    assert [d.factor(u) for u in declared] == [1.0] * len(declared)
    assert d.time_unit == ms
    assert d.factor(second) == 1000.0 and d.factor(kHz) == 1.0 and d.factor(Hz) == 1e-3


@pytest.mark.parametrize("model", NEURONS, ids=lambda m: m.__name__)
def test_every_model_shows_itself(model: type[Neuron]) -> None:
    text = str(model())
    assert text.startswith(model.__name__)
    for state in model.definition.states:
        change = f"each tick: {state.name} = " if model.definition.ticks else f"d{state.name}/dt = "
        assert change in text
    latex = model().equations.latex()
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left(") == latex.count(r"\right)")
    assert "<table>" in model()._repr_html_()


def test_field_docstrings_are_kept() -> None:
    assert models.LIF.definition.param("tau").doc == "Membrane time constant."
    assert models.Izhikevich.definition.state("u").doc.startswith("Recovery")


def test_lif_says_what_it_says() -> None:
    d = models.LIF.definition
    assert str(d.flow["v"]) == "(E - v + R*I)/tau"
    assert d.flow["v"].unit.fits(mV / ms)
    assert str(d.fires) == "v >= theta"
    assert str(d.reset["v"]) == "E"
    assert str(d.state("v").start) == "E"


def test_starts_only_need_parameters() -> None:
    assert str(models.Izhikevich.definition.state("u").start) == "b*c"
    assert "v" not in str(models.HodgkinHuxley.definition.state("m").start).replace("mV", "")


def test_gates_of_hodgkin_and_huxley_are_plain_numbers() -> None:
    d = models.HodgkinHuxley.definition
    assert [s.unit for s in d.states] == [mV, one, one, one]
    assert not d.reset
    assert d.fires is not None and d.fires.op == "rises"
