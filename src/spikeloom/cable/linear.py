r"""A cable for small signals: resistances, impedances, time constants, all at rest.

Around rest the equations are linear. A membrane with other states x answers to a small potential at
the frequency ω with the admittance C (iω − r_v − r_x (iω − f_x)^{-1} f_v): all four are derivatives
that the compiler takes from the model's equations.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import pi
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.cable.parts import On
from spikeloom.compile.numeric import run_block
from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import kHz
from spikeloom.errors import NumericsError, ParameterError, UnitError

if TYPE_CHECKING:
    from spikeloom.cable.cable import Cable

Array = np.ndarray[Any, np.dtype[Any]]
MOST_STEPS = 200
LARGEST_MOVE = 5.0
"""A step of Newton's method moves no potential by more, in mV."""
AT_REST = 1e-10


@dataclass(frozen=True, eq=False)
class Slopes:
    """The derivatives of one mechanism at one point, for its m columns.

    Arguments:
        on: The mechanism.
        rate, slope: Its rate and ∂rate/∂v, (m,).
        by: ∂rate/∂x, (m, S).
        flow: dx/dt, (m, S).
        held: ∂(dx/dt)/∂v, (m, S).
        own: ∂(dx/dt)/∂x, (m, S, S).
    """

    on: On
    rate: Array
    slope: Array
    by: Array
    flow: Array
    held: Array
    own: Array

    def answer(self, s: complex) -> Array:
        """∂rate/∂v with the other states following at the frequency s = iω, (m,)."""
        return self.slope + np.einsum("ms,ms->m", self.by, self.follow(s, self.held))

    def follow(self, s: complex, source: Array) -> Array:
        """(s − f_x)^{-1} applied to a source; what neither moves nor is moved stays."""
        inverse = np.linalg.pinv(s * np.eye(self.own.shape[-1]) - self.own)
        return np.einsum("mst,mt->ms", inverse, source)


@dataclass(frozen=True, eq=False)
class Linear:
    """A cable at rest. Resistances are in MΩ, potentials in mV, times in ms.

    Arguments:
        cable: The cable.
        v: Potential of every node at rest, (n,).
        slopes: The derivatives there, membranes first.

    >>> from spikeloom import Cable, Morphology, Ohm, PassiveMembrane, cm, um
    >>> shape = Morphology.cylinder(1000 * um, 2 * um)
    >>> linear = Cable(shape, PassiveMembrane(), Ri=100 * Ohm * cm, compartments=200).linear
    >>> round(linear.resistance(("cable", 0)) / 318.309886, 6)  # in units of R_inf
    1.31054
    """

    cable: Cable
    v: Array
    slopes: tuple[Slopes, ...]

    @classmethod
    def of(cls, cable: Cable) -> Linear:
        """Find the rest from the start of the membranes by Newton's method.

        Raises:
            NumericsError: It is not found, as where a membrane fires by itself.
        """
        wired = cable.wired
        start = wired.resting(None)
        v, states = start.v, [*start.membranes, *start.points]
        coupling = _coupling(cable)
        for _ in range(MOST_STEPS):
            slopes = _slopes(cable, v, states)
            right, diagonal = -coupling @ v, np.zeros(len(v))
            for s in slopes:
                weight = _weight(cable, s.on)
                pulled = s.rate + np.einsum("ms,ms->m", s.by, s.follow(0, s.flow))
                np.add.at(right, s.on.nodes, weight * pulled)
                np.subtract.at(diagonal, s.on.nodes, weight * np.real(s.answer(0)))
            move = np.linalg.solve(coupling + np.diag(diagonal), right)
            if not np.all(np.isfinite(move)):
                break
            move *= min(1.0, LARGEST_MOVE / max(np.abs(move).max(), 1e-300))
            v = v + move
            states = [
                x + np.real(s.follow(0, s.flow + s.held * move[s.on.nodes][:, None])).T
                for x, s in zip(states, slopes, strict=True)
            ]
            if np.abs(move).max() < AT_REST:
                return cls(cable, v, tuple(_slopes(cable, v, states)))
        raise NumericsError(
            "Cable.linear: no resting state was found near the start of the membranes.",
            hint="does the cell fire by itself? look at a run without input",
        )

    def resistance(self, place: Any, seen: Any = None) -> float:
        """Steady potential in mV for 1 nA.

        Arguments:
            place: Where the current goes in.
            seen: Where the potential is read; the same place if None.
        """
        return float(self._impedance(place, seen, 0.0).real)

    def impedance(self, place: Any, frequency: Quantity, seen: Any = None) -> complex:
        """Potential in mV for a sine of 1 nA, with its phase.

        >>> from spikeloom import Cable, Morphology, Ohm, PassiveMembrane, Hz, cm, um
        >>> cable = Cable(Morphology.soma(20 * um), PassiveMembrane(), Ri=100 * Ohm * cm)
        >>> z = cable.linear.impedance("soma", 10 * Hz)
        >>> round(abs(z) / cable.linear.resistance("soma"), 4)  # 1 / |1 + iωτ|
        0.6227
        """
        if not isinstance(frequency, Quantity) or not frequency.unit.fits(kHz):
            raise UnitError(f"impedance: a frequency is needed, got {frequency!r}.", hint="10 * Hz")
        number = frequency.to(kHz)
        if np.ndim(number) or not np.isfinite(number):
            raise ParameterError(f"impedance: give one finite frequency, got {frequency}.")
        return complex(self._impedance(place, seen, float(number)))

    def transfer(self, place: Any) -> Array:
        """Steady potential of every compartment for 1 nA at a place, in the order of sections."""
        return np.real(self._answer(self.cable.node(place), 0.0))[self._order]

    def time_constants(self) -> Array:
        """Of all modes of a passive cable, the slowest first."""
        return self.modes[0]

    @cached_property
    def modes(self) -> tuple[Array, Array]:
        """Time constants (N,) and shapes (N, compartments), the slowest first.

        Any course of a passive cable is a sum of these shapes; each decays with its time constant.

        Raises:
            ParameterError: A membrane has states besides the potential.
        """
        from scipy.linalg import eigh

        for s in self.slopes:
            if np.any(s.by) and np.any(s.held):
                raise ParameterError(
                    f"Cable.linear: the modes of {s.on.mechanism.model} are not those of a passive"
                    " cable: it has states that follow the potential.",
                    hint="impedance() knows them",
                )
        system, farads = np.real(self._system(0.0)), self.cable.wired.capacity
        kept, joints = np.flatnonzero(farads > 0), np.flatnonzero(farads == 0)
        if len(joints):
            across = system[np.ix_(kept, joints)]
            inner = np.linalg.solve(system[np.ix_(joints, joints)], across.T)
            system = system[np.ix_(kept, kept)] - across @ inner
        rates, shapes = eigh(system, np.diag(farads[kept]))
        whole = np.full((len(rates), len(farads)), np.nan)
        whole[:, kept] = shapes.T
        return 1 / rates, whole[:, self._order]

    @property
    def _order(self) -> Array:
        return np.concatenate(self.cable.grid.nodes)

    def _impedance(self, place: Any, seen: Any, frequency: float) -> complex:
        node = self.cable.node(place)
        there = node if seen is None else self.cable.node(seen)
        return complex(self._answer(node, frequency)[there])

    def _answer(self, node: int, frequency: float) -> Array:
        unit = np.zeros(len(self.v))
        unit[node] = 1.0
        return np.linalg.solve(self._system(frequency), unit)

    def _system(self, frequency: float) -> Array:
        s = 2j * pi * frequency
        diagonal = s * self.cable.wired.capacity
        for part in self.slopes:
            admittance = _weight(self.cable, part.on) * part.answer(s)
            np.subtract.at(diagonal, part.on.nodes, admittance)
        return _coupling(self.cable) + np.diag(diagonal)


def _weight(cable: Cable, on: On) -> Array | float:
    """What makes a current in nA of a rate."""
    return cable.wired.capacity[on.nodes] if on.mechanism.inflow is not None else 1.0


def _coupling(cable: Cable) -> Array:
    grid = cable.grid
    n = len(grid.parents)
    made = np.zeros((n, n))
    nodes = np.arange(1, n)
    parents, g = grid.parents[1:], grid.axial[1:]
    np.add.at(made, (nodes, nodes), g)
    np.add.at(made, (parents, parents), g)
    made[nodes, parents] = made[parents, nodes] = -g
    return made


def _slopes(cable: Cable, v: Array, states: list[Array]) -> list[Slopes]:
    wired = cable.wired
    made: list[Slopes] = []
    for on, x in zip((*wired.membranes, *wired.points), states, strict=True):
        names, m = on.mechanism.states, len(on.nodes)
        leaves: dict[str, Array | float] = {f"coef:{n}": c for n, c in on.part(1.0).coefs.items()}
        leaves["state:v"] = v[on.nodes]
        leaves |= {f"state:{n}": row for n, row in zip(names, x, strict=True)}
        found = run_block(on.mechanism.current, leaves)
        found |= run_block(on.mechanism.jacobian, leaves)

        def table(labels: list[str], found: dict[str, Array] = found, m: int = m) -> Array:
            rows = [np.broadcast_to(found[label], (m,)) for label in labels]
            return np.stack(rows, axis=-1) if rows else np.zeros((m, 0))

        own = table([f"{a}:{b}" for a in names for b in names])
        made.append(
            Slopes(
                on,
                table(["rate"])[:, 0],
                table(["slope"])[:, 0],
                table([f"rate:{n}" for n in names]),
                table([f"flow:{n}" for n in names]),
                table([f"{n}:v" for n in names]),
                own.reshape(m, len(names), len(names)),
            )
        )
    return made
