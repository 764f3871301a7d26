"""Encoders: plain samples in, a block of time out. Values, called as ``encoder(x, draw=0)``.

A sample enters as data sets hold it, (batch, *features), and leaves as layers take it,
(time, batch, *features). ``draw`` tells one presentation from the next where chance is at work;
the same encoder with the same draw gives the same spikes.
"""

from spikeloom.nn.encode.constant import ConstantCurrent as ConstantCurrent
from spikeloom.nn.encode.delta import Delta as Delta
from spikeloom.nn.encode.encoder import Encoder as Encoder
from spikeloom.nn.encode.frames import Frames as Frames
from spikeloom.nn.encode.latency import Latency as Latency
from spikeloom.nn.encode.rate import Rate as Rate

__all__ = ["ConstantCurrent", "Delta", "Encoder", "Frames", "Latency", "Rate"]
