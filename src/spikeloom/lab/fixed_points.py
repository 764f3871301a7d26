"""`fixed_points`: where a neuron would stay, and whether it would stay there when pushed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import Hz, one
from spikeloom.lab.box import Box, box_of
from spikeloom.lab.constant import constant_inputs
from spikeloom.lab.kinds import Kind, kind_of
from spikeloom.lab.reduction import Reduction, reduce
from spikeloom.lab.roots import all_roots, distinct, many_starts, newton
from spikeloom.lab.vector_field import Array, Free, VectorField, vector_field

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory


@dataclass(frozen=True, eq=False, repr=False)
class FixedPoint:
    """A state in which all rates are zero.

    Arguments:
        names: States, S of them, in order of declaration; those that never move included.
        values: Where each stands, (S,).
        units: Unit of each.
        moving: The states whose rates may be other than zero, M of them.
        jacobian: Slopes of the rates (M, M), row i that of state i, by the equations' derivatives.
        eigenvalues: Its eigenvalues (M,), per `time_unit`, the fastest growing first.
        kind: What it is, see `spikeloom.lab.kinds`.
        fires: Whether the neuron would fire here: then it is never at rest here.
        time_unit: Unit of time.

    >>> from spikeloom import MorrisLecar, lab
    >>> FixedPoint.__name__, lab.fixed_points(MorrisLecar())[0]
    ('FixedPoint', stable focus at v = -60.8554 mV, w = 0.014915)
    """

    names: tuple[str, ...]
    values: Array
    units: tuple[Unit, ...]
    moving: tuple[str, ...]
    jacobian: Array
    eigenvalues: Array
    kind: Kind
    fires: bool
    time_unit: Unit

    @property
    def state(self) -> dict[str, Quantity]:
        """Every state with its unit."""
        parts = zip(self.names, self.values, self.units, strict=True)
        return {name: float(value) * unit for name, value, unit in parts}

    @property
    def stable(self) -> bool:
        """Whether every small push dies out."""
        return self.kind in ("stable node", "stable focus")

    @property
    def frequency(self) -> Quantity | None:
        """How fast a small push of the leading pair turns; None where none turns."""
        turning = self.eigenvalues[np.imag(self.eigenvalues) > 0]
        if not len(turning):
            return None
        return Quantity(float(np.imag(turning[0])) / (2 * np.pi), one / self.time_unit).to(Hz) * Hz

    def __getitem__(self, name: str) -> Quantity:
        return self.state[name]

    def __repr__(self) -> str:
        where = ", ".join(f"{n} = {q:.6g}" for n, q in self.state.items())
        return f"{self.kind} at {where}" + (", beyond threshold" if self.fires else "")


@dataclass(frozen=True, eq=False, repr=False)
class FixedPoints:
    """All fixed points that were found, a sequence in order of the first state.

    Arguments:
        points: Those that the neuron can be at.
        virtual: Those beyond its threshold: it fires and is reset before it gets there.
        box: Where was looked, state → (low, high).
        hybrid: Whether spikes move the state: then all this holds between resets.
        complete: Whether the search left nothing out (up to pairs of roots that are closer than
            the box / 4000), as it is where one equation was left to solve.

    >>> from spikeloom import Izhikevich, lab
    >>> found = lab.fixed_points(Izhikevich())
    >>> isinstance(found, FixedPoints), [point.kind for point in found]
    (True, ['stable node', 'saddle'])
    """

    model: str
    points: tuple[FixedPoint, ...]
    virtual: tuple[FixedPoint, ...]
    box: Mapping[str, tuple[Quantity, Quantity]]
    hybrid: bool
    complete: bool

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: int) -> FixedPoint:
        return self.points[index]

    def __iter__(self) -> Any:
        return iter(self.points)

    @property
    def stable(self) -> tuple[FixedPoint, ...]:
        """Those that the neuron can rest at."""
        return tuple(point for point in self.points if point.stable)

    def __repr__(self) -> str:
        where = ", ".join(f"{n} from {a} to {b}" for n, (a, b) in self.box.items())
        count = len(self.points)
        lines = [f"{self.model}: {count or 'no'} fixed point{'s' * (count != 1)} with {where}"]
        lines += [f"  {point!r}" for point in (*self.points, *self.virtual)]
        if self.hybrid and self.points:
            lines.append("  (of the flow between resets)")
        return "\n".join(lines)


def fixed_points(
    model: Cell | Neuron | Refractory,
    input: Any = None,
    *,
    into: str | None = None,
    held: Mapping[str, Any] | None = None,
    within: Mapping[str, Any] | None = None,
) -> FixedPoints:
    r"""All fixed points of a neuron under constant input: f(x, I) = 0.

    States that follow from the others at rest are solved for in the equations; in the one equation
    that is left for most neurons every root in the box is found. With more equations left, Newton's
    method starts from 2048 points. The Jacobian :math:`\partial f / \partial x` is derived from the
    equations.

    Arguments:
        model: One neuron.
        input: Constant input with its unit; none if None.
        into: Name of the input; needed only where there are several.
        held: Further inputs, name → value.
        within: Where to look: state → (low, high) with units, for the states that are left. By
            default potentials from -150 to 150 mV, and others within 5 units around zero.

    Returns:
        Fixed points with their states, Jacobians, eigenvalues and kinds.

    Raises:
        ParameterError: No such input or state, or a population in place of one neuron.
        UnitError: A value does not have the unit of what it is for.
        CompileError: No state of the model moves.

    Source: Strogatz 1994, Nonlinear Dynamics and Chaos, chapters 5 and 6; Izhikevich 2007,
    Dynamical Systems in Neuroscience, chapter 4.

    Example:
        >>> from spikeloom import FitzHughNagumo, lab
        >>> lab.fixed_points(FitzHughNagumo())
        FitzHughNagumo: 1 fixed point with v from -5 to 5
          stable focus at v = -1.19941, w = -0.62426
    """
    inputs = constant_inputs("fixed_points", model, input, into, held)
    field = vector_field("fixed_points", model, inputs)
    reduction = reduce(field)
    box = box_of("fixed_points", field, reduction.core, within)
    found = [fixed_point(field, x) for x in resting(reduction, box)]
    return FixedPoints(
        model=field.definition.name,
        points=tuple(point for point in found if not point.fires),
        virtual=tuple(point for point in found if point.fires),
        box=box.quantities,
        hybrid=field.hybrid,
        complete=len(reduction.core) == 1,
    )


def resting(reduction: Reduction, box: Box, p: Free = ()) -> Array:
    """Every state in the box at which all rates are zero, (R, S), in order of the first state."""

    def f(core: Array) -> Array:
        return reduction(core, p)

    def slopes(core: Array) -> Array:
        return reduction.jacobian(core, p)

    if len(reduction.core) == 1:
        roots = all_roots(
            lambda v: f(v[:, None])[:, 0],
            lambda v: slopes(v[:, None])[:, 0, 0],
            float(box.low[0]),
            float(box.high[0]),
        )[:, None]
    else:
        roots = many_starts(f, slopes, box.low, box.high)
    return at_rest(reduction, roots, box, p)


def at_rest(reduction: Reduction, core: Array, box: Box, p: Free = ()) -> Array:
    """Whole states at roots of the reduction, made exact; what is no rest is left out."""
    field = reduction.field
    if not len(core):
        return np.empty((0, len(field.states)))
    rough = reduction.whole(core, p)
    x = newton(lambda x: field(x, p), lambda x: field.jacobian(x, p), rough, rounds=4)
    with np.errstate(all="ignore"):
        # Zero up to rounding: each rate against the size of its own slopes times the states.
        size = (np.abs(field.jacobian(x, p)) * (1e-6 + np.abs(x))[:, None, :]).sum(-1)
        good = np.isfinite(x).all(-1) & (np.abs(field(x, p)) <= 1e-7 * size + 1e-300).all(-1)
    order = [field.states.index(name) for name in reduction.core]
    gap = np.full(x.shape[-1], np.inf)
    gap[order] = 1e-9 * (box.high - box.low)
    gap[~np.isfinite(gap)] = 1e-9 * (1e-3 + np.abs(x).max(0))[~np.isfinite(gap)]
    return distinct(x[good], gap)


def fixed_point(field: VectorField, x: Array, p: Free = ()) -> FixedPoint:
    """What one state at rest is."""
    jacobian = field.jacobian(x, p)
    eigenvalues = np.linalg.eigvals(jacobian)
    eigenvalues = eigenvalues[np.lexsort((-eigenvalues.imag, -eigenvalues.real))]
    standing: dict[str, Any] = {**field.still} | dict(zip(field.states, x, strict=True))
    declared = field.definition.states
    return FixedPoint(
        names=tuple(s.name for s in declared),
        values=np.array([float(standing[s.name]) for s in declared]),
        units=tuple(s.unit for s in declared),
        moving=field.states,
        jacobian=jacobian,
        eigenvalues=eigenvalues,
        kind=kind_of(eigenvalues),
        fires=bool(field.firing(x, p)),
        time_unit=field.definition.time_unit,
    )
