"""Networks: populations of neurons that send each other spikes with delays.

>>> from spikeloom import LIF, ExponentialCurrent, ms, mV, nA, pA
>>> net = Network(dt=0.1 * ms, seed=1, engine="reference")
>>> exc = net.population(8, LIF(), name="exc", I=0.2 * nA)
>>> inh = net.population(2, LIF(), name="inh")
>>> drive = dict(weight=900 * pA, delay=1 * ms)
>>> _ = net.connect(exc, inh, ExponentialCurrent(), FixedInDegree(4), **drive)
>>> spikes, volts = net.record(exc), net.record(inh[0], "v", every=1 * ms)
>>> isinstance(spikes, Recorder), isinstance(exc, Population)
(True, True)
>>> isinstance(exc[:3], View), isinstance(exc + inh, Group)
(True, True)
>>> result = net.run(30 * ms)
>>> isinstance(result, Result), isinstance(result.spikes, Recorded)
(True, True)
>>> result.spikes[exc]
exc: 8 spikes of 8 neurons in 0 to 30 ms, 33.3 Hz
>>> trace = result.states[volts]
>>> isinstance(trace, StateTrace), trace.values.shape
(True, (30, 1))
>>> isinstance(AllToAll(), Rule), isinstance(GaussianProfile(0.5, 1.0), Profile)
(True, True)
"""

from __future__ import annotations

from spikeloom.network.batch import Batch as Batch
from spikeloom.network.batch import Each as Each
from spikeloom.network.batch import each as each
from spikeloom.network.check import NetworkWarning as NetworkWarning
from spikeloom.network.crossing import Crossing as Crossing
from spikeloom.network.measures import Correlation as Correlation
from spikeloom.network.measures import CorrelationMatrix as CorrelationMatrix
from spikeloom.network.measures import FiringRates as FiringRates
from spikeloom.network.measures import Intervals as Intervals
from spikeloom.network.measures import IntervalStatistics as IntervalStatistics
from spikeloom.network.measures import Measure as Measure
from spikeloom.network.measures import NeuronRates as NeuronRates
from spikeloom.network.measures import PopulationRate as PopulationRate
from spikeloom.network.measures import PowerSpectrum as PowerSpectrum
from spikeloom.network.measures import RateCurve as RateCurve
from spikeloom.network.measures import Spectrum as Spectrum
from spikeloom.network.memory import Memory as Memory
from spikeloom.network.network import Network as Network
from spikeloom.network.poisson_input import PoissonInput as PoissonInput
from spikeloom.network.projection import Projection as Projection
from spikeloom.network.ranks import Ranks as Ranks
from spikeloom.network.receptors import Impulse as Impulse
from spikeloom.network.result import Recorded as Recorded
from spikeloom.network.result import Recorder as Recorder
from spikeloom.network.result import Result as Result
from spikeloom.network.rules import AllToAll as AllToAll
from spikeloom.network.rules import Convolution as Convolution
from spikeloom.network.rules import Distance as Distance
from spikeloom.network.rules import EdgeList as EdgeList
from spikeloom.network.rules import ExponentialProfile as ExponentialProfile
from spikeloom.network.rules import FixedInDegree as FixedInDegree
from spikeloom.network.rules import FixedOutDegree as FixedOutDegree
from spikeloom.network.rules import FixedProbability as FixedProbability
from spikeloom.network.rules import FixedTotal as FixedTotal
from spikeloom.network.rules import GaussianProfile as GaussianProfile
from spikeloom.network.rules import OneToOne as OneToOne
from spikeloom.network.rules import Profile as Profile
from spikeloom.network.rules import Rule as Rule
from spikeloom.network.sources import GivenSpikes as GivenSpikes
from spikeloom.network.sources import PoissonSpikes as PoissonSpikes
from spikeloom.network.sources import RegularSpikes as RegularSpikes
from spikeloom.network.sources import Spikes as Spikes
from spikeloom.network.spikes import SpikeTrains as SpikeTrains
from spikeloom.network.state_trace import StateTrace as StateTrace
from spikeloom.network.view import Group as Group
from spikeloom.network.view import Population as Population
from spikeloom.network.view import View as View
from spikeloom.network.waveforms import FunctionOfTime as FunctionOfTime
from spikeloom.network.waveforms import OrnsteinUhlenbeck as OrnsteinUhlenbeck
from spikeloom.network.waveforms import Piecewise as Piecewise
from spikeloom.network.waveforms import Pulses as Pulses
from spikeloom.network.waveforms import Ramp as Ramp
from spikeloom.network.waveforms import Samples as Samples
from spikeloom.network.waveforms import Sine as Sine
from spikeloom.network.waveforms import Step as Step
from spikeloom.network.waveforms import Waveform as Waveform
from spikeloom.network.weight_trace import WeightTrace as WeightTrace
from spikeloom.network.windows import Windows as Windows
