"""What a user wants to be recorded, checked: each call gives one `Recorder`."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import ms
from spikeloom.errors import ParameterError, UnitError, suggest
from spikeloom.network.crossing import Crossing
from spikeloom.network.description import Description
from spikeloom.network.grid import milliseconds, whole_steps
from spikeloom.network.measures import Measure
from spikeloom.network.projection import Projection
from spikeloom.network.recording.moments import Level, Moment, describe, quantity_times
from spikeloom.network.recording.of_measures import MeasureWish
from spikeloom.network.recording.of_spikes import SpikeWish
from spikeloom.network.recording.of_states import TraceWish
from spikeloom.network.recording.of_weights import WeightWish
from spikeloom.network.recording.of_windows import WindowWish
from spikeloom.network.result import SPIKES, Recorder
from spikeloom.network.shaped import named
from spikeloom.network.view import Group, Population, View, parts
from spikeloom.network.weight_trace import WeightTrace

WEIGHTS = "weights"


def recorder(
    said: Description,
    group: Group,
    what: Any,
    every: Quantity | None,
    since: Moment | None,
    around: Moment | None,
    before: Quantity | None,
    after: Quantity | None,
    which: Any,
) -> Recorder[Any]:
    """Something to keep of neurons; arguments as in `Network.record`, members checked."""
    more = describe(since)
    if which is not None:
        raise ParameterError(
            "record: `which` chooses synapses of a projection.", hint="choose neurons by exc[:10]"
        )
    if around is None and (before is not None or after is not None):
        raise ParameterError(
            "record: before and after are for windows around something.",
            hint="for example around=exc[0], before=5 * ms, after=20 * ms",
        )
    if isinstance(what, Measure):
        _only(what.name, every, around)
        what.check(len(group), said.dt)
        wish: Any = MeasureWish(group, what, said.dt, since)
        return Recorder(repr(group), _words(what), more, wish)
    if isinstance(what, type) and issubclass(what, Measure):
        raise ParameterError(
            f"record: {what.__name__} is a class; a value of it is needed.",
            hint=f"for example {what.__name__}()",
        )
    if not isinstance(what, str):
        raise ParameterError(
            f'record: "spikes", the name of a state or a measure is needed, got {what!r}.',
            hint='for example "v", or PopulationRate(1 * ms)',
        )
    if what == SPIKES:
        _only("spikes", every, around)
        return Recorder(repr(group), what, more, SpikeWish(group, since))
    for part in group.parts:
        _has_state(said, part, what)
    step = 1 if every is None else whole_steps("record: every", every, said.dt)
    if step < 1:
        raise ParameterError(f"record: every must be at least dt = {said.dt}.")
    if around is None:
        return Recorder(repr(group), what, more, TraceWish(group, what, step, since))
    low, high = (
        0 if time is None else whole_steps(f"record: {name}", time, said.dt)
        for name, time in (("before", before), ("after", after))
    )
    if low + high < step:
        raise ParameterError(
            "record: a window of no length was asked for.",
            hint="for example before=5 * ms, after=20 * ms",
        )
    more = f" around {around!r}{more}"
    return Recorder(
        repr(group), what, more, WindowWish(group, what, around, low, high, step, since)
    )


def named_at(said: Description, group: Group, what: Any, at: Any) -> Any:
    """The state of cells with a shape at a place."""
    if at is None:
        return what
    if not isinstance(what, str) or what == SPIKES:
        raise ParameterError(
            "record: a place is for states; spikes are looked for where the cell says.",
            hint='Cable(…, detect="soma", threshold=0 * mV)',
        )
    names = {named(said.members[part.population.index].receptors, what, at) for part in group.parts}
    if len(names) > 1:
        raise ParameterError(
            f"record: {what!r} at {at!r} has several names in these populations: {sorted(names)}.",
            hint="record each population by itself",
        )
    return names.pop()


def weights(
    said: Description,
    projection: Projection,
    what: Any,
    every: Quantity | None,
    which: Any,
    since: Moment | None,
    windows: tuple[Any, ...],
) -> Recorder[WeightTrace]:
    """Weights to keep; arguments as in `Network.record`."""
    if not any(c is projection.connection for c in said.connections):
        raise ParameterError(f"{projection.name!r} belongs to another network.")
    if what not in (None, WEIGHTS):
        raise ParameterError(f'record: of a projection "weights" can be kept, got {what!r}.')
    if any(each is not None for each in windows):
        raise ParameterError("record: windows around something are for states, not for weights.")
    if every is None:
        raise ParameterError(
            "record: weights are copied again and again; say how often.", hint="every=100 * ms"
        )
    step = whole_steps("record: every", every, said.dt)
    if step < 1:
        raise ParameterError(f"record: every must be at least dt = {said.dt}.")
    wish = WeightWish(projection, projection.places(which), step, since)
    some = "" if wish.which is None else f" ({len(wish.which):,} synapses)"
    return Recorder(projection.name, WEIGHTS, some + describe(since), wish)


def moment(said: Description, what: str, given: Any, group: Any) -> Moment | None:
    """Times, neurons or a crossing, as the steps of a run know them.

    Arguments:
        said: The network.
        what: ``"since"`` or ``"around"``, for messages.
        given: What the user gave.
        group: Checks members, and makes a group of them.
    """
    if given is None:
        return None
    if isinstance(given, Crossing):
        return _level(said, given, group)
    if isinstance(given, Quantity):
        return _times(said, what, given)
    if isinstance(given, (Population, View, Group)):
        return group(given)
    raise ParameterError(
        f"record: {what} must be a time, neurons that fire or a crossing, got {given!r}.",
        hint=f'{what}=500 * ms, {what}=exc[0] or {what}=Crossing(exc[0], "v", -50 * mV)',
    )


def _times(said: Description, what: str, given: Quantity) -> Moment:
    if not given.unit.fits(ms):
        raise UnitError(f"record: {what} must be a time, got {given}.", hint="for example 1 * ms")
    times = np.atleast_1d(np.asarray(given.to(ms), np.float64)).ravel()
    if not len(times) or not np.all(np.isfinite(times)) or np.any(times < 0):
        raise ParameterError(f"record: {what}: times must be finite and from 0 on, got {given}.")
    step = milliseconds("dt", said.dt)
    steps = np.rint(times / step)
    if np.any(np.abs(steps * step - times) > 1e-6 * step * np.maximum(steps, 1)):
        wrong = times[np.abs(steps * step - times) > 1e-6 * step * np.maximum(steps, 1)][0]
        raise ParameterError(
            f"record: {what}: {wrong:g} ms is not a whole number of steps of {said.dt}."
        )
    return quantity_times(given, steps.astype(np.int64))


def _level(said: Description, given: Crossing, group: Any) -> Moment:
    views = parts(group(given.members))
    view = views[0]
    _has_state(said, view, given.state)
    unit = said.members[view.population.index].receptors.definition.state(given.state).unit
    level = given.level
    if not isinstance(level, Quantity):
        level = Quantity(level, unit) if unit.dimensionless else level
    if not isinstance(level, Quantity) or not level.unit.fits(unit):
        raise UnitError(
            f"Crossing: the level of {given.state!r} must be a {unit.kind}, got {given.level}.",
            hint=f"for example -50 * {unit!r}",
        )
    number = level.to(unit)
    if np.ndim(number) or not np.isfinite(number):
        raise ParameterError(f"Crossing: the level must be one finite number, got {level}.")
    return Level(given, view, float(number))


def _has_state(said: Description, part: View, name: str) -> None:
    definition = said.members[part.population.index].receptors.definition
    names = [s.name for s in definition.states]
    if name not in names:
        raise ParameterError(
            f"record: {part.population.name!r} has no state {name!r}.",
            hint=suggest(name, [*names, SPIKES]),
        )


def _only(what: str, every: Quantity | None, around: Moment | None) -> None:
    if every is not None:
        raise ParameterError(f"record: `every` is for states, not for {what}; all of it is kept.")
    if around is not None:
        raise ParameterError(
            f"record: windows around something are for states, not for {what}.",
            hint="since=… lets a recorder begin later",
        )


def _words(what: Measure[Any]) -> str:
    bin = getattr(what, "bin", None)
    return what.name if bin is None else f"{what.name} in bins of {bin}"
