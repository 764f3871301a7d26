"""Results as Neo's objects, which Elephant and many other tools read; and spikes from Neo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.equations.quantity import Unit
from spikeloom.errors import DataError, ParameterError
from spikeloom.network.measures import RateCurve
from spikeloom.network.spikes import SpikeTrains
from spikeloom.network.state_trace import StateTrace
from spikeloom.network.weight_trace import WeightTrace
from spikeloom.network.windows import Windows

if TYPE_CHECKING:
    from spikeloom.network.result import Recorder, Result

Array = np.ndarray[Any, np.dtype[Any]]
NAMES = {"second": "s", "volt": "V", "amp": "A", "Ohm": "ohm", "metre": "m", "mole": "mol"}
NAMES |= {"kOhm": "kohm", "MOhm": "Mohm", "GOhm": "(V/nA)", "siemens": "S", "farad": "F"}
NAMES |= {"coulomb": "C", "nC": "(nA*s)", "pC": "(pA*s)", "fC": "(pA*ms)", "kelvin": "K"}
NAMES |= {"watt": "W", "uW": "(uA*V)", "joule": "J", "nJ": "(nA*V*s)", "pJ": "(pA*V*s)"}
NAMES |= {"cm2": "cm**2", "um2": "um**2", "mM": "(mmol/L)", "uM": "(umol/L)"}
"""What a unit is called by Neo, where that differs."""


def block(result: Result) -> Any:
    """A result as a `neo.Block` with one segment; see `Result.to_neo`."""
    neo = module("neo")
    made = neo.Block(name="spikeloom", **{k.replace(" ", "_"): v for k, v in result.about.items()})
    segment = neo.Segment(name=f"{result.start:g} to {result.stop:g} ms")
    segment.annotate(complete=result.complete)
    made.segments.append(segment)
    for recorder, trains in result.spikes.items():
        segment.spiketrains.extend(spike_trains(trains, repr(recorder)))
    for recorder, trace in result.states.items():
        segment.analogsignals.append(_states(trace, recorder, result.start))
    for recorder, windows in result.windows.items():
        segment.analogsignals.extend(_windows(windows, recorder))
    for recorder, weights in result.weights.items():
        segment.analogsignals.append(_weights(weights, recorder, result.start))
    for recorder, value in result.measures.items():
        if isinstance(value, RateCurve):
            segment.analogsignals.append(_rates(value, recorder))
        else:
            made.annotations.setdefault("measures", []).append(repr(value))
    return made


def spike_trains(trains: SpikeTrains, recorder: str) -> list[Any]:
    """One `neo.SpikeTrain` of each neuron."""
    # A spike on the edge of the time may lie beyond it by rounding, which Neo does not take.
    neo = module("neo")
    parts = trains.parts or (("neurons", trains.size),)
    names = [(name, k) for name, size in parts for k in range(size)]
    return [
        neo.SpikeTrain(
            np.clip(times, trains.start, trains.stop),
            units="ms",
            t_start=trains.start,
            t_stop=trains.stop,
            name=f"{part}[{k}]" if "[" not in part else f"{k} of {part}",
            population=part,
            neuron=k,
            recorder=recorder,
        )
        for times, (part, k) in zip(trains.trains(), names, strict=True)
    ]


def from_neo(trains: Sequence[Any], name: str) -> SpikeTrains:
    """`neo.SpikeTrain` objects of the same time as spikes; see `SpikeTrains.from_neo`."""
    module("neo")
    given = list(trains)
    if not given:
        raise ParameterError("from_neo: no spike trains were given.")
    try:
        times = [np.asarray(t.rescale("ms").magnitude, np.float64) for t in given]
        starts = [float(t.t_start.rescale("ms")) for t in given]
        stops = [float(t.t_stop.rescale("ms")) for t in given]
    except (AttributeError, ValueError) as error:
        raise ParameterError(
            "from_neo: a list of neo.SpikeTrain is needed.", hint="segment.spiketrains"
        ) from error
    if np.ptp(starts) > 1e-6 or np.ptp(stops) > 1e-6:
        raise DataError("from_neo: the spike trains do not begin and end at the same times.")
    ids = np.repeat(np.arange(len(given)), [len(t) for t in times])
    joined = np.concatenate(times)
    order = np.lexsort((ids, joined))
    return SpikeTrains(
        joined[order], ids[order], len(given), starts[0], stops[0], ((name, len(given)),)
    )


def module(name: str) -> Any:
    """One of the packages for analysis.

    Raises:
        ParameterError: It is not installed.
    """
    from importlib import import_module

    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        raise ParameterError(
            f"this needs {name.partition('.')[0]}, which is not installed.",
            hint="pip install 'spikeloom[analysis]'",
        ) from missing


def unit_text(unit: Unit) -> str:
    """A unit as Neo reads it.

    >>> from spikeloom.equations.units import MOhm, mS, cm2
    >>> unit_text(mS / cm2), unit_text(MOhm)
    ('mS/cm**2', 'Mohm')
    """
    up = [f"{NAMES.get(n, n)}" + ("" if k == 1 else f"**{k}") for n, k in unit.factors if k > 0]
    down = [f"{NAMES.get(n, n)}" + ("" if k == -1 else f"**{-k}") for n, k in unit.factors if k < 0]
    return "/".join(["*".join(up) or ("1" if down else "dimensionless"), *down])


def _states(trace: StateTrace, recorder: Recorder[Any], start: float) -> Any:
    return _signal(trace.times, trace.values, trace.unit, trace.state, recorder, start)


def _weights(weights: WeightTrace, recorder: Recorder[Any], start: float) -> Any:
    signal = _signal(weights.times, weights.values, weights.unit, "weights", recorder, start)
    signal.array_annotate(source=weights.sources, target=weights.targets)
    return signal


def _windows(windows: Windows, recorder: Recorder[Any]) -> list[Any]:
    made: list[Any] = []
    for time, neuron, values in zip(windows.times, windows.ids, windows.values, strict=True):
        times = time + windows.offsets
        one = _signal(times, values, windows.unit, windows.state, recorder, float(time))
        one.annotate(around=windows.around, moment=float(time), fired=int(neuron))
        made.append(one)
    return made


def _rates(curve: RateCurve, recorder: Recorder[Any]) -> Any:
    neo = module("neo")
    return neo.AnalogSignal(
        curve.rates,
        units="Hz",
        t_start=curve.start * module("quantities").ms,
        sampling_period=curve.bin * module("quantities").ms,
        name=repr(recorder),
        array_annotations={"population": np.array([name for name, _ in curve.parts])},
        recorder=repr(recorder),
    )


def _signal(
    times: Array, values: Array, unit: Unit, name: str, recorder: Recorder[Any], start: float
) -> Any:
    neo, pq = module("neo"), module("quantities")
    period = float(times[1] - times[0]) if len(times) > 1 else 1.0
    return neo.AnalogSignal(
        values,
        units=unit_text(unit),
        t_start=(float(times[0]) if len(times) else start) * pq.ms,
        sampling_period=period * pq.ms,
        name=name,
        recorder=repr(recorder),
        recorded=recorder.of,
    )
