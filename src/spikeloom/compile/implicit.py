r"""Implicit steps for stiff equations: the Jacobian is derived, the linear solve is unrolled.

A stiff neuron has a time constant much shorter than the step: explicit steps explode there,
whatever their order. An implicit step solves for the states at its end. The methods here are
linearly implicit: one system (1 − γ dt J) k = r for each stage, with the same matrix, and no
iteration that might not converge. J = ∂f/∂x comes from the equations, and elimination happens while
compiling, so a Program holds plain arithmetic that every engine runs, and its adjoint is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

from spikeloom.compile.derivative import derivative
from spikeloom.compile.graph import Graph, Node, is_const, rebuild
from spikeloom.compile.methods import Flow, Point
from spikeloom.errors import CompileError

LARGEST = 40
"""States up to which a system is unrolled; the text grows with their cube where all are coupled."""
Row = dict[str, Node]


@dataclass(frozen=True)
class Rosenbrock:
    r"""A Rosenbrock method in the form that needs no product with the Jacobian.

    With W = 1 − γ dt J at the start of the step,

        W kᵢ = f(x + dt Σ aᵢⱼ kⱼ) + Σ cᵢⱼ kⱼ,    x ← x + dt Σ mᵢ kᵢ.

    Arguments:
        name: How it is called.
        gamma: γ.
        a, c: Rows of the tableau, one for each stage.
        m: Weights of the stages.
        order: Order of its error; measured in the tests.
        any_matrix: Whether that order holds for any J (a W-method). Then growth stays explicit: on
            its diagonal J keeps only what decays. An upstroke that explodes within a step would
            otherwise be sent to the wrong side, 1 − γ dt J being negative there.

    Source: Hairer & Wanner 1996, Solving Ordinary Differential Equations II, eq. IV.7.25.

    >>> from spikeloom import LIF, ms, simulate
    >>> one = Rosenbrock("MyOwn", 0.5, ((),), ((),), (1.0,), 2)  # of second order, not L-stable
    >>> simulate(LIF(), 1 * ms, method=one).method
    'MyOwn()'
    """

    name: str
    gamma: float
    a: tuple[tuple[float, ...], ...]
    c: tuple[tuple[float, ...], ...]
    m: tuple[float, ...]
    order: int
    any_matrix: bool = False

    def step(self, flow: Flow, start: Point) -> dict[str, Node]:
        """One step; a state whose rate is zero stays where it is."""
        g = flow.graph
        if len(flow.states) > LARGEST:
            raise CompileError(
                f"{flow.model}: {self!r} unrolls systems of up to {LARGEST} states, and it has"
                f" {len(flow.states)}.",
                hint="leave method=None to let spikeloom choose",
            )
        solve = _Elimination(g, _matrix(flow, start, self))
        stages: list[Row] = []
        for ahead, carried in zip(self.a, self.c, strict=True):
            point = _combined(g, start, flow.dt, ahead, stages)
            right = flow.rates(point)
            for weight, stage in zip(carried, stages, strict=False):
                if weight:
                    right = {
                        n: g.add(r, g.mul(g.const(weight), stage[n])) for n, r in right.items()
                    }
            stages.append(solve(right))
        return _combined(g, start, flow.dt, self.m, stages)

    def __repr__(self) -> str:
        return f"{self.name}()"


def _combined(
    g: Graph, start: Point, dt: Node, weights: tuple[float, ...], stages: list[Row]
) -> dict[str, Node]:
    """x + dt Σ w k"""
    made: dict[str, Node] = {}
    for name, x in start.items():
        terms = [g.mul(g.const(w), k[name]) for w, k in zip(weights, stages, strict=False) if w]
        made[name] = g.add(x, g.mul(dt, g.sum(terms)))
    return made


def _matrix(flow: Flow, start: Point, method: Rosenbrock) -> dict[str, Row]:
    """Rows of 1 − γ dt J at the start of the step, without entries that are always 0."""
    g = flow.graph
    probe = {name: g.leaf(f"probe:{name}") for name in flow.states}
    here = {probe[name]: start[name] for name in flow.states}
    scale, rates = g.mul(g.const(method.gamma), flow.dt), flow.rates(probe)
    rows: dict[str, Row] = {}
    for row in flow.states:
        rows[row] = {}
        for column in flow.states:
            slope = rebuild(g, derivative(g, rates[row], probe[column]), here)
            if method.any_matrix and row == column:
                slope = g.apply("min", slope, g.const(0))
            entry = g.sub(g.const(float(row == column)), g.mul(scale, slope))
            if not is_const(entry, 0):
                rows[row][column] = entry
    return rows


class _Elimination:
    """Gauss's elimination on nodes, in the order that makes the fewest new entries.

    Pivots stay on the diagonal, where 1 − γ dt J is 1 or more wherever a state decays by itself.

    Source of the order: Markowitz, Manag. Sci. 3:255 (1957).
    """

    def __init__(self, graph: Graph, rows: dict[str, Row]) -> None:
        self.graph, self.rows = graph, {row: dict(entries) for row, entries in rows.items()}
        self.order: list[str] = []
        self.inverse: Row = {}
        self.factors: list[tuple[str, str, Node]] = []
        left = list(rows)
        while left:
            pivot = min(left, key=lambda p: self._cost(p, left))
            left.remove(pivot)
            self._eliminate(pivot, left)

    def _cost(self, pivot: str, left: list[str]) -> int:
        across = sum(n in self.rows[pivot] for n in left) - 1
        down = sum(pivot in self.rows[n] for n in left) - 1
        return across * down

    def _eliminate(self, pivot: str, left: list[str]) -> None:
        g, row = self.graph, self.rows[pivot]
        self.order.append(pivot)
        self.inverse[pivot] = g.div(g.const(1), row[pivot])
        for other in left:
            entry = self.rows[other].pop(pivot, None)
            if entry is None:
                continue
            factor = g.mul(entry, self.inverse[pivot])
            self.factors.append((other, pivot, factor))
            for column in left:
                if column in row:
                    before = self.rows[other].get(column, g.const(0))
                    self.rows[other][column] = g.sub(before, g.mul(factor, row[column]))

    def __call__(self, right: Row) -> Row:
        """The solution for one right-hand side."""
        g, made = self.graph, dict(right)
        for other, pivot, factor in self.factors:
            made[other] = g.sub(made[other], g.mul(factor, made[pivot]))
        done: Row = {}
        for pivot in reversed(self.order):
            terms = [
                g.mul(self.rows[pivot][n], x) for n, x in done.items() if n in self.rows[pivot]
            ]
            done[pivot] = g.mul(g.sub(made[pivot], g.sum(terms)), self.inverse[pivot])
        return {name: done[name] for name in right}


def LinearlyImplicitEuler() -> Rosenbrock:
    """Backward Euler with one Newton step: first order, L-stable, without overshoot.

    Source: Deuflhard, SIAM Rev. 27:505 (1985).

    >>> from spikeloom import LIF, ms, nA, simulate
    >>> run = simulate(LIF(tau=0.001 * ms), 1 * ms, I=0.1 * nA, method=LinearlyImplicitEuler())
    >>> run.state["v"].round(6)  # a time constant of a hundredth of the step
    array([-55.])
    """
    return Rosenbrock("LinearlyImplicitEuler", 1.0, ((),), ((),), (1.0,), 1, any_matrix=True)


def ROS2() -> Rosenbrock:
    """Second order and L-stable; its inner stage may overshoot where dt is not short at all.

    Source: Verwer, Spee, Blom & Hundsdorfer, SIAM J. Sci. Comput. 20:1456 (1999), eq. 2.4.

    >>> from spikeloom import AdEx
    >>> from spikeloom.compile import compile_neuron
    >>> compile_neuron(AdEx(), ROS2()).method
    'ROS2()'
    """
    gamma = 1 - 0.5**0.5
    return Rosenbrock("ROS2", gamma, ((), (1.0,)), ((), (-2.0,)), (1.5, 0.5), 2, any_matrix=True)


def RODAS3() -> Rosenbrock:
    """Third order and L-stable, four stages.

    Source: Sandu, Verwer, Blom, Spee, Carmichael & Potra, Atmos. Environ. 31:3459 (1997).

    >>> from spikeloom import FitzHughNagumo
    >>> from spikeloom.compile import compile_neuron
    >>> compile_neuron(FitzHughNagumo(), RODAS3()).method
    'RODAS3()'
    """
    # The source scales its stages by γ dt = dt/2, so each of its weights appears times one half.
    half = 0.5
    a = ((), (), (2 * half,), (2 * half, 0.0, 1 * half))
    c = ((), (4 * half,), (1 * half, -1 * half), (1 * half, -1 * half, -8 / 3 * half))
    return Rosenbrock("RODAS3", half, a, c, (2 * half, 0.0, 1 * half, 1 * half), 3)
