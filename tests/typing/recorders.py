"""What a type checker knows of recorders: what is asked for tells what comes back."""

from __future__ import annotations

from typing import assert_type

import spikeloom as sl
from spikeloom import ms, mV, nA, pA

net = sl.Network(0.1 * ms)
exc = net.population(10, sl.LIF(), name="exc", I=0.2 * nA)
synapses = net.connect(exc, exc, sl.ExponentialCurrent(), sl.AllToAll(), weight=1 * pA)

spikes = net.record(exc)
volts = net.record(exc[:3], "v", every=1 * ms)
around = net.record(exc[0], "v", around=exc[1], before=1 * ms, after=2 * ms)
weights = net.record(synapses, every=1 * ms)
gaps = net.record(exc, sl.Intervals(), since=10 * ms)
curve = net.record(exc + exc[:2], sl.PopulationRate(1 * ms), since=sl.Crossing(exc, "v", 1 * mV))
assert_type(spikes, sl.Recorder[sl.SpikeTrains])
assert_type(volts, sl.Recorder[sl.StateTrace])

net.record(exc, "v", before=1 * ms)  # pyright: ignore[reportCallIssue]
net.record(synapses)  # pyright: ignore[reportArgumentType]
net.record(exc, sl.Intervals(), every=1 * ms)  # pyright: ignore[reportArgumentType, reportCallIssue]

result = net.run(1 * ms, to="run.h5")
assert_type(result[spikes], sl.SpikeTrains)
assert_type(result[volts], sl.StateTrace)
assert_type(result[around], sl.Windows)
assert_type(result[weights], sl.WeightTrace)
assert_type(result[gaps], sl.IntervalStatistics)
assert_type(result[curve], sl.RateCurve)
assert_type(result.spikes["exc"], sl.SpikeTrains)
assert_type(sl.Result.load("run.h5"), sl.Result)
