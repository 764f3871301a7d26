"""Encoders: plain samples in, a block of time out. Values, called as ``encoder(x, draw=0)``.

A sample enters as data sets hold it, (batch, *features), and leaves as layers take it,
(time, batch, *features). ``draw`` tells one presentation from the next where chance is at work;
the same encoder with the same draw gives the same spikes.
"""

from spikeloom.nn.encode.bsa import BSA as BSA
from spikeloom.nn.encode.burst import Burst as Burst
from spikeloom.nn.encode.constant import ConstantCurrent as ConstantCurrent
from spikeloom.nn.encode.delta import Delta as Delta
from spikeloom.nn.encode.encoder import Encoder as Encoder
from spikeloom.nn.encode.encoder import Timed as Timed
from spikeloom.nn.encode.frames import Frames as Frames
from spikeloom.nn.encode.latency import Latency as Latency
from spikeloom.nn.encode.phase import Phase as Phase
from spikeloom.nn.encode.population import Population as Population
from spikeloom.nn.encode.rate import Rate as Rate
from spikeloom.nn.encode.spike_time import SpikeTime as SpikeTime
from spikeloom.nn.encode.step_forward import StepForward as StepForward

__all__ = [
    "BSA",
    "Burst",
    "ConstantCurrent",
    "Delta",
    "Encoder",
    "Frames",
    "Latency",
    "Phase",
    "Population",
    "Rate",
    "SpikeTime",
    "StepForward",
    "Timed",
]
