"""Waveforms become terms that engines can run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.engines.inputs import DrivePlan, Series, Term
from spikeloom.equations.units import ms
from spikeloom.network.waveforms import FunctionOfTime, OrnsteinUhlenbeck, Waveform
from spikeloom.network.waveforms.waveform import Target

if TYPE_CHECKING:
    from spikeloom.network.description import Description
    from spikeloom.network.view import View

Array = np.ndarray[Any, np.dtype[Any]]


def waveform(value: Any) -> Waveform | None:
    """A waveform or a function of time as a waveform; None for anything else."""
    if isinstance(value, Waveform):
        return value
    function: Any = value if callable(value) and not isinstance(value, type) else None
    return None if function is None else FunctionOfTime(function)


def course(
    value: Waveform,
    target: Target,
    dt: float,
    *,
    view: View | None = None,
    first: int = 0,
    factor: float = 1.0,
) -> list[Term]:
    """The terms of a waveform.

    Arguments:
        value: The waveform.
        target: What it drives, all of it.
        dt: Time step in ms.
        view: The neurons to which the terms belong; None for a whole population.
        first: Place of the first of them in the target.
        factor: What everything is multiplied by.

    Raises:
        UnitError, ShapeError: It does not fit the target.
    """
    size = target.size if view is None else len(view)
    part = slice(first, first + size)
    terms: list[Term] = []
    for k, found in enumerate(value.parts(target)):
        gain = found.gain if found.gain.ndim == 0 else found.gain[part]
        text = f"{value.text}, part {k}, dt {dt!r}"
        series = Series(_in_steps(found.course, dt), width=found.width, text=text)
        whole = view is None or view.whole
        ids = None if whole or view is None else view.ids
        terms.append(Term(series.columns(part), np.asarray(gain * factor), ids))
    return terms


def _in_steps(values: Callable[[Array], Array], dt: float) -> Callable[[Array], Array]:
    return lambda steps: values((steps + 0.5) * dt)


def drives(said: Description) -> Iterator[DrivePlan]:
    """What flows into the populations of a network."""
    dt = float(said.dt.to(ms))
    for order, injection in enumerate(said.injections):
        first = 0
        for view, name in zip(injection.target.parts, injection.inflows, strict=True):
            inflows = said.members[view.population.index].receptors.definition.inputs
            unit = next(i.unit for i in inflows if i.name == name)
            size = len(injection.target)
            target = Target(f"{injection.name} ({order + 1})", unit, size, said.seed)
            if isinstance(injection.current, OrnsteinUhlenbeck):
                terms = injection.current.terms(target, dt, view, first)
            else:
                terms = course(injection.current, target, dt, view=view, first=first)
            for term in terms:
                yield DrivePlan(view.population.index, name, term)
            first += len(view)
