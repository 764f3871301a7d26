"""Numbers from positions: what an expression of places is for each neuron or synapse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.compile.numeric import OPERATIONS
from spikeloom.equations.expr import Condition, Expr
from spikeloom.equations.place import leaves
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.scales import Scales
from spikeloom.equations.units import um
from spikeloom.errors import NumericsError, ParameterError, ShapeError
from spikeloom.network.rules.distance import Distance
from spikeloom.network.rules.rule import Rule
from spikeloom.network.view import Group

Array = np.ndarray[Any, np.dtype[Any]]
AT_ONCE = 1 << 20
"""Synapses whose positions are looked up together."""
AXES = "xyz"


def of_group(group: Group) -> Any:
    """Positions of a group, in the unit of its first part; None where one part has none."""
    found = [part.population.positions for part in group.parts]
    if any(p is None for p in found):
        return None
    first = found[0]
    if not isinstance(first, Quantity):
        return np.concatenate([p[x.ids] for p, x in zip(found, group.parts, strict=True)])
    rows = [p.to(first.unit)[x.ids] for p, x in zip(found, group.parts, strict=True)]
    return Quantity(np.concatenate(rows), first.unit)


@dataclass(frozen=True, eq=False)
class Places:
    """Where both sides of a connection are.

    Arguments:
        source, target: Positions as they were given, or None.
        rule: Of the connection; a `Distance` may close space on itself.
    """

    source: Any
    target: Any
    rule: Rule | None = None

    def values(self, expr: Expr, unit: Unit, rows: Array, columns: Array, what: str) -> Array:
        """The expression for synapses from sources ``rows`` to targets ``columns``, in `unit`.

        Raises:
            ParameterError: A side has no positions, or not that axis.
            NumericsError: A value is NaN or infinite.
        """
        found = np.empty(rows.size)
        wanted = {leaf.name or "" for leaf in leaves(expr)}
        sides = {
            name: _lengths(getattr(self, name), f"{what}: {expr}", f"the {name}s")
            for name in ("source", "target")
            if any(w.startswith(f"pair.{name}") or w == "pair.distance" for w in wanted)
        }
        for low in range(0, rows.size, AT_ONCE):
            part = slice(low, low + AT_ONCE)
            ends = {"source": rows[part], "target": columns[part]}
            here = {side: places[ends[side]] for side, places in sides.items()}
            known: dict[str, Array] = {}
            for name in wanted:
                if name == "pair.distance":
                    known[name] = self._distance(here["source"], here["target"], what)
                else:
                    known[name] = _axis(here[name.split(".")[1]], name, what)
            found[part] = evaluate(expr, unit, known)
        return _finite(found, expr, what)

    def _distance(self, source: Array, target: Array, what: str) -> Array:
        if source.shape[1] != target.shape[1]:
            raise ShapeError(
                f"{what}: positions have {source.shape[1]} axes on the side of the sources and "
                f"{target.shape[1]} on that of the targets."
            )
        apart = np.abs(source - target)
        if isinstance(self.rule, Distance) and self.rule.period is not None:
            period = self.rule.periods_in(um, source.shape[1])
            apart = apart % period
            apart = np.minimum(apart, period - apart)
        return np.sqrt(np.sum(apart * apart, axis=1))


def of_neurons(expr: Expr, unit: Unit, positions: Any, ids: Array | None, what: str) -> Array:
    """An expression of ``position`` for each neuron, in `unit`.

    Arguments:
        expr: For example ``10 * ms + position.x / (1 * mm / ms)``.
        unit: Of the result.
        positions: Of the population, as they were given.
        ids: Which neurons; None for all.
        what: For messages.

    Raises:
        ParameterError: No positions, not that axis, or an expression of pairs.
        NumericsError: A value is NaN or infinite.
    """
    places = _lengths(positions, f"{what}: {expr}", "the population")
    places = places if ids is None else places[ids]
    known: dict[str, Array] = {}
    for leaf in leaves(expr):
        name = leaf.name or ""
        if not name.startswith("position."):
            raise ParameterError(
                f"{what}: {name} is of two neurons, but this value belongs to one.",
                hint="position.x, position.y and position.z are of one neuron",
            )
        known[name] = _axis(places, name, what)
    return _finite(evaluate(expr, unit, known), expr, what)


def evaluate(expr: Expr, unit: Unit, known: Mapping[str, Array]) -> Array:
    """The numbers of an expression in `unit`, for leaves that are known in um.

    >>> from spikeloom.equations import position
    >>> from spikeloom.equations.units import mm, ms
    >>> evaluate(1 * ms + position.x / (2 * mm / ms), ms, {"position.x": np.array([0.0, 4000.0])})
    array([1., 3.])
    """
    scales = Scales.of([unit, um])

    def value(node: Expr | Condition) -> Any:
        if isinstance(node, Expr) and node.op == "const":
            return np.float64((node.value or 0.0) * scales.factor(node.unit))
        if isinstance(node, Expr) and node.op == "leaf":
            return known[node.name or ""] * scales.factor(um)
        return OPERATIONS[node.op](*(np.asarray(value(a)) for a in node.args))

    with np.errstate(all="ignore"):
        return np.asarray(value(expr) / scales.factor(unit), np.float64)


def _lengths(given: Any, what: str, whose: str) -> Array:
    """Positions in um, (N, axes)."""
    if given is None:
        raise ParameterError(
            f"{what} needs positions of {whose}.",
            hint="give the population positions=…, one row for each neuron, in um",
        )
    if not isinstance(given, Quantity) or not given.unit.fits(um):
        raise ParameterError(
            f"{what} needs positions that are lengths; those of {whose} are plain numbers.",
            hint="positions=numbers * um",
        )
    numbers = np.asarray(given.to(um), np.float64)
    return numbers[:, None] if numbers.ndim == 1 else numbers


def _axis(places: Array, name: str, what: str) -> Array:
    axis = AXES.index(name[-1])
    if axis >= places.shape[1]:
        raise ParameterError(
            f"{what}: {name} is asked for, but positions have {places.shape[1]} "
            f"{'axis' if places.shape[1] == 1 else 'axes'}.",
            hint="positions may have one to three columns: x, y, z",
        )
    return places[:, axis]


def _finite(numbers: Array, expr: Expr, what: str) -> Array:
    if not np.all(np.isfinite(numbers)):
        at = int(np.argmax(~np.isfinite(numbers)))
        raise NumericsError(f"{what}: {expr} is {numbers.ravel()[at]} for number {at}.")
    return numbers
