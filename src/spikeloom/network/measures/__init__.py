"""Statistics of spikes that are computed while a network runs, without keeping the spikes.

>>> from spikeloom import LIF, Network, ms, nA, uniform
>>> net = Network(engine="reference")
>>> exc = net.population(20, LIF(), name="exc", I=uniform(0.16, 0.3) * nA)
>>> rates, curve = net.record(exc, FiringRates()), net.record(exc, PopulationRate(10 * ms))
>>> gaps, together = net.record(exc, Intervals()), net.record(exc, Correlation(20 * ms))
>>> rhythm = net.record(exc, Spectrum(1 * ms, segment=100 * ms))
>>> result = net.run(500 * ms)
>>> round(result[rates].mean(), 1)
43.0
>>> len(result[curve]), result[gaps].cv() < 1e-3
(50, True)
>>> isinstance(gaps, Measure), isinstance(Intervals(), Measure)
(False, True)
>>> result[together].matrix.shape, result[rhythm].segments
((20, 20), 9)
"""

from __future__ import annotations

from spikeloom.network.measures.correlation import Correlation as Correlation
from spikeloom.network.measures.correlation import CorrelationMatrix as CorrelationMatrix
from spikeloom.network.measures.firing_rates import FiringRates as FiringRates
from spikeloom.network.measures.firing_rates import NeuronRates as NeuronRates
from spikeloom.network.measures.intervals import Intervals as Intervals
from spikeloom.network.measures.intervals import IntervalStatistics as IntervalStatistics
from spikeloom.network.measures.measure import Measure as Measure
from spikeloom.network.measures.population_rate import PopulationRate as PopulationRate
from spikeloom.network.measures.population_rate import RateCurve as RateCurve
from spikeloom.network.measures.spectrum import PowerSpectrum as PowerSpectrum
from spikeloom.network.measures.spectrum import Spectrum as Spectrum
