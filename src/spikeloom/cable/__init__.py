"""Cable theory: cells as trees of compartments, whose membranes are neuron models.

A `Morphology` says where, a `Cable` puts membranes and synapses on it, and `Cable.run` steps it:

>>> from spikeloom import HodgkinHuxley, Ohm, PassiveMembrane, cm, kOhm, cm2, ms, nA, um
>>> shape = Morphology.soma(20 * um).branch("dendrite", 400 * um, 2 * um)
>>> leak = PassiveMembrane(R=10 * kOhm * cm2)
>>> cell = Cable(shape, {"soma": HodgkinHuxley(), "dendrite": leak}, Ri=100 * Ohm * cm)
>>> run = cell.run(20 * ms, inject={("dendrite", 1): 0.6 * nA}, detect=["soma"])
>>> isinstance(run, CableRun), len(run.spikes["soma"])
(True, 2)
"""

from __future__ import annotations

from spikeloom.cable.cable import Cable as Cable
from spikeloom.cable.morphology import Morphology as Morphology
from spikeloom.cable.result import CableRun as CableRun
from spikeloom.cable.section import Section as Section
