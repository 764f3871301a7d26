"""What a picture begins with: parameters, rests, and rates that are what they seem."""

from __future__ import annotations

import numpy as np
import pytest

from spikeloom.equations.at_values import at_values
from spikeloom.models import Izhikevich, PerfectIF, TrueNorthNeuron
from spikeloom.show.firing import firing
from spikeloom.show.heading import heading
from spikeloom.show.setting import telling
from spikeloom.show.trial import settled, trial
from spikeloom.show.typeset import typeset, words_width


def test_a_threshold_that_any_input_reaches_is_raised_and_told() -> None:
    made, told = telling(TrueNorthNeuron())
    assert int(made.values["alpha"].value) == 8 and "= 8" in told
    own = TrueNorthNeuron(alpha=3)
    assert telling(own) == (own, "")
    assert telling(Izhikevich())[1] == ""


def test_choices_that_hang_on_a_zero_are_made() -> None:
    plain = TrueNorthNeuron()
    read = at_values(plain.definition, plain.values)
    assert str(read.tick["v"]) == "saturate(v + s0*a0, int20)" and str(read.fires) == "v >= alpha"
    chancy = TrueNorthNeuron(TM=3)
    assert "rho_T" in str(at_values(chancy.definition, chancy.values).fires)


@pytest.mark.parametrize("width", [600, 400, 250])
def test_the_longest_equations_fit_their_width(width: float) -> None:
    full = TrueNorthNeuron(TM=3, b=(1, 1, 1, 1), c=1, eps=1, lam=-1, s=(1, 2, 3, 4), beta=4, kap=1,
                           gamma=1, R=2)  # fmt: skip
    assert typeset(full.definition, full.values, width).width <= width


def test_a_picture_begins_where_a_push_does_not_lead_away() -> None:
    cell = Izhikevich.cell("CH")  # it starts on its unstable fixed point, -50 mV
    assert float(settled(cell)["v"].value) == pytest.approx(-70, abs=0.5)


def test_a_slow_neuron_is_not_said_to_fire_once() -> None:
    neuron = PerfectIF()
    curve = firing(neuron, trial(neuron))
    lone = [t for t in curve.trains if len(t) == 1]
    assert all(t[0] > curve.duration / 4 for t in lone)
    often = curve.counts > 20
    slope = curve.settled[often] / curve.currents[often]
    assert np.allclose(slope, slope[0], rtol=1e-6)


def test_a_neuron_that_no_input_fires_is_shown_an_input_that_moves_it() -> None:
    found = trial(TrueNorthNeuron(s0=-3, alpha=4, beta=2, R=-5))
    assert found.rheobase is None and found.level > 0


def test_a_remark_behind_an_equation_keeps_parameters_away() -> None:
    """It stood over the list of a TrueNorth neuron with few parameters."""
    told = heading(TrueNorthNeuron(s0=-3, alpha=4, beta=2, R=-5), 520.0)
    remarks = [line for row in told.equations.lines for line in row if line.note]
    ends = [x.column + x.width + words_width(x.note, told.equations.size - 2) for x in remarks]
    assert remarks and (told.beside is None or max(ends) < told.beside)
