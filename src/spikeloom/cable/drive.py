"""Currents and arrivals at places, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.engines.cable_plan import CableDrive
from spikeloom.engines.inputs import Term, Wander, total
from spikeloom.engines.inputs.wander import Walk
from spikeloom.engines.population import native
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import ms, nA
from spikeloom.errors import NumericsError, ParameterError, ShapeError, UnitError, suggest
from spikeloom.network.drive import waveform as as_waveform
from spikeloom.network.waveforms import OrnsteinUhlenbeck, Step
from spikeloom.network.waveforms.waveform import Target

if TYPE_CHECKING:
    from spikeloom.cable.cable import Cable

Array = np.ndarray[Any, np.dtype[Any]]


class Drive:
    """What a run is driven by; gives the arrays of any stretch of it.

    Arguments:
        cable: What is driven.
        inject: Place -> current or waveform.
        spikes: Synapses -> (times, weight).
        dt: In ms.
        seed: Of currents that fluctuate.
    """

    def __init__(
        self,
        cable: Cable,
        inject: Mapping[Any, Any],
        spikes: Mapping[str, Any],
        dt: float,
        seed: int = 0,
    ) -> None:
        self._dt = dt
        self._courses = [
            (cable.node(place), _course(f"inject at {place!r}", value, dt, seed))
            for place, value in _mapping("inject", inject).items()
        ]
        for name in _mapping("spikes", spikes):
            if name not in cable.synapses:
                raise ParameterError(
                    f"Cable.run: there are no synapses {name!r}.",
                    hint=suggest(str(name), cable.synapses),
                )
        self._arrivals = [
            _arrivals(cable, name, spikes[name], dt) if name in spikes else None
            for name in cable.synapses
        ]
        self._sizes = [len(places) for _, places in cable.synapses.values()]

    def stretch(self, first: int, steps: int) -> CableDrive:
        """Steps first to first + steps."""
        nodes = np.array([node for node, _ in self._courses], np.int64)
        currents = np.empty((steps, len(nodes)))
        for k, (node, course) in enumerate(self._courses):
            currents[:, k] = course(first, steps) if steps else 0.0
            if not np.all(np.isfinite(currents[:, k])):
                raise NumericsError(f"Cable.run: the current into node {node} is not finite.")
        return CableDrive(nodes, currents, [self.weights(k, first + 1, steps) for k in self._all])

    def weights(self, k: int, first: int, steps: int) -> Array | None:
        """What arrives at the moments first dt, (first + 1) dt, … at one kind of synapses."""
        given = self._arrivals[k]
        if given is None:
            return None
        at, column, weight = given
        table = np.zeros((steps, self._sizes[k]))
        inside = (at >= first) & (at < first + steps)
        np.add.at(table, (at[inside] - first, column[inside]), weight[inside])
        return table

    def at_start(self, first: int) -> list[Array | None]:
        """What arrives at the very beginning."""
        tables = [self.weights(k, first, 1) for k in self._all]
        return [None if t is None else t[0] for t in tables]

    @property
    def _all(self) -> range:
        return range(len(self._arrivals))


def _mapping(what: str, given: Any) -> Mapping[Any, Any]:
    if not isinstance(given, Mapping):
        raise ParameterError(
            f"Cable.run: {what} maps places to values, got {given!r}.",
            hint='for example inject={"soma": 0.1 * nA}',
        )
    return given


def _course(what: str, value: Any, dt: float, seed: int) -> Callable[[int, int], Array]:
    """What gives the current of steps first to first + steps."""
    if isinstance(value, Quantity):
        if not value.unit.fits(nA):
            raise UnitError(f"Cable.run: {what} must be a current, got {value}.", hint="0.1 * nA")
        value = Step(value)
    if isinstance(value, OrnsteinUhlenbeck):
        return _fluctuation(what, value, dt, seed)
    waveform = as_waveform(value)
    if waveform is None:
        raise ParameterError(
            f"Cable.run: {what} must be a current or a waveform, got {value!r}.",
            hint="for example Step(0.1 * nA, start=5 * ms)",
        )
    parts = waveform.parts(Target(what, nA, 1, 0))
    if any(p.gain.size != 1 or p.width not in (None, 1) for p in parts):
        raise ShapeError(f"Cable.run: {what} has several columns; a place takes one.")

    def course(first: int, steps: int) -> Array:
        times = (first + 0.5 + np.arange(steps)) * dt
        made = np.zeros(steps)
        for p in parts:
            made += float(np.reshape(p.gain, ())) * np.reshape(p.course(times), steps)
        return made

    return course


def _fluctuation(
    what: str, process: OrnsteinUhlenbeck, dt: float, seed: int
) -> Callable[[int, int], Array]:
    target = Target(what, nA, 1, seed)
    process.check(target)
    terms: list[Term] = []
    for term in process.terms(target, dt):
        if isinstance(term.series, Wander):
            term = replace(term, series=Walk(term.series, seed, native().simulate))
        terms.append(term)

    def course(first: int, steps: int) -> Array:
        for term in terms:
            if isinstance(term.series, Walk):
                term.series.settle(first)
        return total(terms, first, steps, 1)[:, 0]

    return course


def _arrivals(cable: Cable, name: str, given: Any, dt: float) -> tuple[Array, Array, Array]:
    """Step, column and weight of everything that arrives."""
    model, places = cable.synapses[name]
    unit = model.definition.input.unit
    what = f"Cable.run: spikes of {name!r}"
    if not isinstance(given, tuple) or len(given) != 2:
        raise ParameterError(
            f"{what} are (times, weight), got {given!r}.",
            hint=f'for example spikes={{"{name}": ([5, 12] * ms, 1 * {unit!r})}}',
        )
    trains, weight = given
    weights = _weights(what, weight, unit, len(places))
    if not isinstance(trains, list):
        trains = [trains] * len(places)
    if len(trains) != len(places):
        raise ShapeError(f"{what}: {len(trains)} trains for {len(places)} places.")
    steps: list[Array] = []
    for train in trains:
        if not isinstance(train, Quantity) or not train.unit.fits(ms):
            raise UnitError(f"{what}: times must be times, got {train!r}.", hint="[5, 12] * ms")
        times = np.atleast_1d(np.asarray(train.to(ms), float))
        if not np.all(np.isfinite(times)) or np.any(times < 0):
            raise ParameterError(f"{what}: times must be finite and not negative.")
        steps.append(np.rint(times / dt).astype(np.int64))
    column = np.repeat(np.arange(len(places)), [len(s) for s in steps])
    return np.concatenate(steps), column, weights[column]


def _weights(what: str, weight: Any, unit: Unit, size: int) -> Array:
    if unit.dimensionless and isinstance(weight, int | float | list | np.ndarray):
        weight = Quantity(weight, unit)
    if not isinstance(weight, Quantity) or not weight.unit.fits(unit):
        raise UnitError(
            f"{what}: the weight must be in {unit.described}, got {weight!r}.", hint=f"1 * {unit!r}"
        )
    numbers = np.asarray(weight.to(unit), float)
    if numbers.shape not in ((), (size,)) or not np.all(np.isfinite(numbers)):
        raise ShapeError(f"{what}: give one finite weight, or one for each of {size} places.")
    return np.broadcast_to(numbers, (size,))
