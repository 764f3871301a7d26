"""Weights and delays: one number for all synapses, or one for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from spikeloom.engines.drawn_plan import Drawn
from spikeloom.engines.wiring.arrays import Array, make_key
from spikeloom.engines.wiring.choose import Wiring, wiring
from spikeloom.engines.wiring.draw import prepare
from spikeloom.engines.wiring.reference import Graph
from spikeloom.equations.expr import Expr
from spikeloom.equations.quantity import Quantity, Unit, bridge, one
from spikeloom.equations.values import Distribution
from spikeloom.errors import NumericsError, ParameterError, ShapeError, UnitError
from spikeloom.network.rules.edge_list import EdgeList
from spikeloom.network.rules.rule import Rule
from spikeloom.network.space import Places

LONGEST = 2**16 - 1
"""Steps that a delay can have."""
AT_ONCE = 1 << 16
"""Numbers that are drawn together, where they are not next to each other."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some synapses of a graph of which other processes hold the rest.

    Arguments:
        index: Their places in the whole graph.
        count: Synapses of the whole graph.
    """

    index: Array
    count: int


def weights(
    value: Any,
    unit: Unit,
    graph: Graph,
    *,
    n_target: int,
    rule: Rule | None = None,
    seed: int = 0,
    entity: int | str = 0,
    name: str = "weight",
    dtype: Literal["float32", "float64"] = "float32",
    builder: Wiring | None = None,
    places: Places | None = None,
    part: Part | None = None,
) -> Array:
    """The weights of a graph as plain numbers in `unit`.

    In float32, normal and uniform weights are rounded to whole numbers of 24 bits times a power of
    two, so that they can be kept in three bytes.

    Arguments:
        value: A number, a matrix (sources, targets), an array with one value a synapse, in the
            order of the graph or in that of an `EdgeList`, a distribution, or an expression of
            places such as ``pair.distance``; with its unit.
        unit: Unit of the result.
        graph: What `Rule.build` gave.
        n_target: How many targets there are.
        rule: The rule of the graph.
        seed: Seed of the run.
        entity: What is drawn for: the number or name of the projection.
        name: What the values are, for messages and for the key of the draw.
        dtype: Of the result.
        builder: What draws; native code if None.
        places: Where both sides are, for expressions.
        part: Which synapses of the whole graph these are; None if they are all.

    Returns:
        A 0-d array, or (nnz,) in the order of the graph.

    Raises:
        UnitError: The wrong unit. NumericsError: NaN or infinity. ShapeError: The wrong shape.

    >>> from spikeloom.equations.units import nS
    >>> weights(6 * nS, nS, (np.array([0, 1]), np.array([0])), n_target=1)
    array(6., dtype=float32)
    """
    if isinstance(value, Distribution):
        of = drawn_weight(value, unit, seed, entity, name, dtype)
        built = wiring() if builder is None else builder
        return _drawn(built, of, graph, part, dtype)
    if isinstance(value, Expr):
        return _of_places(value, unit, graph, places, name).astype(dtype)
    numbers = _numbers(value, unit, name)
    return _arranged(numbers, graph, n_target, rule, name, part).astype(dtype)


def delays(
    value: Any,
    dt: Quantity,
    graph: Graph,
    *,
    n_target: int,
    rule: Rule | None = None,
    seed: int = 0,
    entity: int | str = 0,
    name: str = "delay",
    builder: Wiring | None = None,
    places: Places | None = None,
    part: Part | None = None,
) -> Array:
    """The delays of a graph in whole steps, each rounded to the nearest (ties to even).

    A normal distribution is bounded below by 0, as if it had been written with ``low=0``.

    Arguments:
        value: As for `weights`, a time.
        dt: Time step.
        graph, n_target, rule, seed, entity, name, builder, places, part: As for `weights`.

    Returns:
        uint16, 0-d or (nnz,).

    Raises:
        ParameterError: A delay is negative or longer than 65,535 steps.
        UnitError, NumericsError, ShapeError: As for `weights`.

    >>> from spikeloom.equations.units import ms
    >>> delays(1.5 * ms, 0.1 * ms, (np.array([0, 1]), np.array([0])), n_target=1)
    array(15, dtype=uint16)
    """
    step = float(np.asarray(dt.value))
    if isinstance(value, Distribution):
        of = drawn_delay(value, dt, seed, entity, name)
        built = wiring() if builder is None else builder
        return _drawn(built, of, graph, part, "uint16")
    if isinstance(value, Expr):
        given = _of_places(value, dt.unit, graph, places, name)
    else:
        given = _numbers(value, dt.unit, name)
    numbers = np.asarray(np.rint(given / step))
    if np.any(numbers < 0):
        raise _negative(value, name)
    _check_length(float(numbers.max()) if numbers.size else 0.0, dt, name)
    if not isinstance(value, Expr):
        numbers = np.asarray(_arranged(numbers, graph, n_target, rule, name, part))
    return numbers.astype(np.uint16)


def _drawn(built: Wiring, of: Drawn, graph: Graph, part: Part | None, dtype: str) -> Array:
    """A random number for each synapse, by its place in the whole graph."""
    if part is None:
        return built.values(of.key, of.draw, int(graph[0][-1]), dtype)
    made = np.empty(part.index.size, dtype)
    for low in range(0, made.size, AT_ONCE):
        value = of.draw.values(of.key, part.index[low : low + AT_ONCE])
        made[low : low + AT_ONCE] = np.rint(value) if made.dtype.kind == "u" else value
    return made


def drawn_weight(
    value: Distribution, unit: Unit, seed: int, entity: int | str, name: str, dtype: str
) -> Drawn:
    """How weights are drawn from a distribution; arguments as for `weights`."""
    draw = prepare(value, _scale(value.unit, unit, name))
    return Drawn(make_key(seed, entity, name), draw.in_24_bits() if dtype == "float32" else draw)


def drawn_delay(
    value: Distribution, dt: Quantity, seed: int, entity: int | str, name: str
) -> Drawn:
    """How delays, in steps, are drawn from a distribution; arguments as for `delays`."""
    if value.kind == "uniform" and value.a < 0:
        raise _negative(value, name)
    scale = _scale(value.unit, dt.unit, name) / float(np.asarray(dt.value))
    draw = prepare(value, scale, low=0.0)
    _check_length(draw.largest, dt, name)
    return Drawn(make_key(seed, entity, name), draw)


def _of_places(value: Expr, unit: Unit, graph: Graph, places: Places | None, name: str) -> Array:
    """An expression of places for each synapse of a graph."""
    _check_unit(value.unit, unit, name)
    indptr, targets = graph
    rows = np.repeat(np.arange(indptr.size - 1, dtype=np.uint32), np.diff(indptr))
    known = Places(None, None) if places is None else places
    return known.values(value, unit, rows, targets, name)


def _check_length(steps: float, dt: Quantity, name: str) -> None:
    if np.rint(steps) > LONGEST:
        raise ParameterError(
            f"{name}: {steps:.0f} steps of {dt} are too long; at most {LONGEST} are possible.",
            hint="take a larger dt, or a distribution with an upper bound, high=…",
        )


def _negative(value: Any, name: str) -> ParameterError:
    return ParameterError(
        f"{name}: must not be negative, got {value!s}.", hint="a spike cannot arrive before it left"
    )


def _scale(own: Unit, unit: Unit, name: str) -> float:
    """What numbers in `own` are multiplied by to be in `unit`."""
    _check_unit(own, unit, name)
    return float(np.asarray(Quantity(1.0, own).to(unit)))


def _check_unit(own: Unit, unit: Unit, name: str) -> None:
    if not own.fits(unit):
        raise UnitError(
            f"{name} must be a {unit.kind} ({unit!s}), got a {own.kind} ({own!s})."
            if any(own.dims)
            else f"{name} is a {unit.kind} and needs a unit, got plain numbers.",
            hint=bridge(unit, own),
        )


def _numbers(value: Any, unit: Unit, name: str) -> Array:
    if not isinstance(value, (Quantity, Unit)):
        try:
            if isinstance(value, (str, bytes, bool)) or value is None:
                raise TypeError
            value = Quantity(value, one)
        except (TypeError, ValueError):
            raise ParameterError(
                f"{name} takes a number with a unit, an array or a distribution, got {value!r} "
                f"({type(value).__name__})."
            ) from None
    quantity = Quantity(1.0, value) if isinstance(value, Unit) else value
    _check_unit(quantity.unit, unit, name)
    numbers = np.asarray(quantity.to(unit), np.float64)
    if not np.all(np.isfinite(numbers)):
        raise NumericsError(f"{name} holds NaN or infinity.")
    return numbers


def _arranged(
    numbers: Array,
    graph: Graph,
    n_target: int,
    rule: Rule | None,
    name: str,
    part: Part | None,
) -> Array:
    """Numbers as they were given → one number, or one for each synapse in the graph's order."""
    indptr, targets = graph
    sources, count = indptr.size - 1, int(indptr[-1]) if part is None else part.count
    if numbers.ndim == 0:
        return numbers
    if numbers.shape == (sources, n_target):
        return numbers[np.repeat(np.arange(sources), np.diff(indptr)), targets]
    if numbers.shape == (count,):
        ordered = numbers[rule.order] if isinstance(rule, EdgeList) else numbers
        return ordered if part is None else ordered[part.index]
    raise ShapeError(
        f"{name}: must be one number, one for each of the {count} synapses, or a matrix "
        f"({sources}, {n_target}); got shape {numbers.shape}."
    )
