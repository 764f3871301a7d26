r"""A tree of compartments as plain arrays, and how one step of it goes: for every engine the same.

Nodes are numbered so that a parent comes before its children. With the potentials v at the time t
and the other states x half a step ahead of them, one step from t to t + dt is

1. solve  C δ / (dt/2) = C r + C s δ + Σ g (v_j + δ_j − v_i − δ_i) + I  for δ, a backward Euler half
   step, with r = dv/dt of the membrane and s = ∂r/∂v at (v, x), and v ← v + 2 δ: Crank-Nicolson;
2. move x by dt with v held, which takes it from t + dt/2 to t + 3 dt/2. States of synapses at
   places move half a step, receive what arrives at t + dt, and move half a step.

3. where a membrane is reset, it is, after a step at whose end its condition holds; while it is
   refractory its node is held by a slope that nothing moves.

Both halves are centred, so the whole is of second order. What is much faster than dt, such as a
voltage clamp, then swings about its end without being damped; of order 1 the step solves with dt in
place of dt/2, and v ← v + δ: a backward Euler step.

Source: Hines 1984, Int. J. Biomed. Comput. 15:69; Mascagni & Sherman 1998 (staggered steps).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from spikeloom.compile.mechanism import Mechanism
from spikeloom.errors import ParameterError

Array = np.ndarray[Any, np.dtype[Any]]
Kind = Literal["membrane", "point"]


@dataclass(frozen=True, eq=False)
class CablePart:
    """Compartments with one membrane, or synapses of one kind.

    Arguments:
        mechanism: What they do.
        coefs: Coefficient -> number or array (m,), bound at dt for a membrane, at dt/2 for a
            synapse.
        nodes: Node of each, (m,); those of a membrane differ.
    """

    mechanism: Mechanism
    coefs: Mapping[str, Array]
    nodes: Array


@dataclass(frozen=True, eq=False)
class CablePlan:
    """What the engines step.

    Arguments:
        dt: Time step in ms.
        parents: (n,); -1 for the root, which is node 0.
        axial: Conductance to the parent in µS, (n,).
        capacity: In nF, (n,); 0 where nothing but branches meet.
        membranes, points: What carries current.
        order: Of the step of the potentials, 1 or 2.
    """

    dt: float
    parents: Array
    axial: Array
    capacity: Array
    membranes: tuple[CablePart, ...]
    points: tuple[CablePart, ...] = ()
    order: int = 2

    @property
    def size(self) -> int:
        """Nodes n."""
        return len(self.parents)


@dataclass(frozen=True, eq=False)
class CableState:
    """All that changes.

    Arguments:
        v: Potentials in mV, (n,).
        membranes, points: For each part its other states, (S, m), half a step ahead.
    """

    v: Array
    membranes: tuple[Array, ...]
    points: tuple[Array, ...] = ()


@dataclass(frozen=True, slots=True)
class Probe:
    """One number to record: the potential of a node, or a state of one column of a part.

    Arguments:
        node: A node, for its potential; None for a state.
        kind, part, row, column: Which state.
    """

    node: int | None = None
    kind: Kind = "membrane"
    part: int = 0
    row: int = 0
    column: int = 0

    def of(self, state: CableState) -> float:
        """Its value."""
        if self.node is not None:
            return state.v[self.node]
        parts = state.membranes if self.kind == "membrane" else state.points
        return parts[self.part][self.row, self.column]


@dataclass(frozen=True, eq=False)
class CableSteps:
    """What an engine gives back.

    Arguments:
        state: After the last step.
        traces: Recorded numbers after steps 0, every, 2 every, … of this call, (rows, probes).
        watched: Potentials of the watched nodes after every step, (T, nodes).
        fired: Where a membrane was reset there, likewise: 1, else 0.
    """

    state: CableState
    traces: Array
    watched: Array
    fired: Array


@dataclass(frozen=True, eq=False)
class CableDrive:
    """What reaches the tree from outside during T steps.

    Arguments:
        nodes: Node of each current, (k,).
        currents: In nA, the value of the middle of each step, (T, k).
        arrivals: For each part of `points`: weights that arrive at the end of each step, (T, m), or
            None for none.
    """

    nodes: Array
    currents: Array
    arrivals: Sequence[Array | None]

    @property
    def steps(self) -> int:
        """T."""
        return len(self.currents)


class TreeStepper(Protocol):
    """An engine that can step a tree."""

    @property
    def cable(self) -> Callable[..., CableSteps]:
        """See `Reference.cable`."""
        ...


def stepper(engine: Any) -> TreeStepper:
    """The engine that was asked for, or the CPU in float64.

    Raises:
        ParameterError: It cannot step trees.
    """
    if engine is None:
        from spikeloom.engines.cpu import CPU

        return CPU("float64")
    if not hasattr(engine, "cable"):
        raise ParameterError(
            f"Cable.run: {engine!r} does not step cables.",
            hint="leave it out, or take CPU('float32') of spikeloom.engines.cpu",
        )
    return engine
