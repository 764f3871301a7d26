"""The laboratory on neurons of whole numbers: what it can measure, and what it says of the rest."""

from __future__ import annotations

import numpy as np
import pytest

from spikeloom import LoihiNeuron, TrueNorthNeuron, lab, ms
from spikeloom.errors import CompileError, ParameterError


def test_a_response_has_the_bits_of_the_neuron() -> None:
    found = lab.response(
        TrueNorthNeuron(lam=3, alpha=10), lab.Arrivals([0] * ms, 0), 8 * ms, into="a0"
    )
    assert found.states["v"].tolist() == [0, 3, 6, 9, 0, 3, 6, 9, 0]
    assert found.spikes.tolist() == [4, 8] and found.dt == 1
    course = lab.response(LoihiNeuron(), lab.Arrivals([0, 5, 10] * ms, 50), 16 * ms)
    assert course.spikes.tolist() == [3, 6, 8, 10, 12, 14, 16]


def test_rates_and_planes() -> None:
    curve = lab.fi_curve(LoihiNeuron(), np.arange(4), duration=100 * ms)
    assert (np.diff(curve.counts) >= 0).all()
    with pytest.raises(CompileError, match="moves in steps"):
        lab.phase_plane(LoihiNeuron())


def test_a_fit_says_why_it_cannot_move_whole_numbers():
    recording = lab.Recording(input=lab.Arrivals([5] * ms, 50), duration=20 * ms, spikes=[7] * ms)
    with pytest.raises(ParameterError, match="LoihiNeuron computes with whole numbers"):
        lab.fit(LoihiNeuron(), recording, {"du": [1, 10]})
