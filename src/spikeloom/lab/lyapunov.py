"""Whether an oscillation grows softly out of a Hopf point or is there at once.

The first Lyapunov coefficient says so. It is made of the second and third derivatives of the flow,
which are taken from the equations, as the Jacobian is.
"""

from __future__ import annotations

import numpy as np

from spikeloom.compile.derivative import derivative
from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Graph, Node, is_const, leaves, reach, rebuild
from spikeloom.errors import CompileError
from spikeloom.lab.vector_field import Array, Free, VectorField

Tensor = dict[tuple[int, ...], Node]


def first_lyapunov(field: VectorField, x: Array, p: Free) -> float:
    r"""The first Lyapunov coefficient at a Hopf point; NaN where a derivative is unknown.

    With :math:`Aq = i\omega q`, :math:`A^\top p = -i\omega p` and the forms B and C of the second
    and third derivatives it is

    .. math:: \frac{1}{2\omega}\,\mathrm{Re}\,\bigl[\langle p, C(q,q,\bar q)\rangle
        - 2\langle p, B(q, A^{-1}B(q,\bar q))\rangle
        + \langle p, B(\bar q, (2i\omega - A)^{-1}B(q,q))\rangle\bigr].

    Below zero the oscillation is stable and grows out of the point; above, it is unstable, and
    beyond the point the neuron jumps to one that is large at once.

    Arguments:
        field: The flow.
        x: The point, (S,).
        p: Free values.

    Source: Kuznetsov 2004, Elements of Applied Bifurcation Theory, eq. 5.34.
    """
    try:
        second, third = _forms(field, x, p)
    except CompileError:
        return float("nan")
    a = field.jacobian(x, p)
    values, vectors = np.linalg.eig(a)
    k = int(np.argmin(np.abs(np.real(values)) + np.where(np.imag(values) > 0, 0, np.inf)))
    q, omega = vectors[:, k], float(values[k].imag)
    left, adjoint = np.linalg.eig(a.T)
    to = adjoint[:, int(np.argmin(np.abs(left + 1j * omega)))]
    q = q / np.linalg.norm(q)
    to = to / np.conj(np.vdot(to, q))
    e = np.eye(len(x))

    def b(u: Array, v: Array) -> Array:
        return np.einsum("ijk,j,k->i", second, u, v)

    bar = q.conj()
    cubic = np.einsum("ijkl,j,k,l->i", third, q, q, bar)
    slow = b(q, np.linalg.solve(a, b(q, bar)))
    twice = b(bar, np.linalg.solve(2j * omega * e - a, b(q, q)))
    return float(np.real(np.vdot(to, cubic - 2 * slow + twice)) / (2 * omega))


def _forms(field: VectorField, x: Array, p: Free) -> tuple[Array, Array]:
    """All second (S, S, S) and third (S, S, S, S) derivatives at a point."""
    g, size = field.graph, len(field.states)
    axes = [g.leaf(f"state:{name}") for name in field.states]
    rates = {(i,): _open(g, rate) for i, rate in enumerate(field.rates.values())}
    once = _further(g, rates, axes)
    twice = _further(g, once, axes)
    thrice = _further(g, twice, axes)
    wanted = {"/".join(map(str, key)): node for key, node in (twice | thrice).items()}
    forms = np.zeros((size,) * 3), np.zeros((size,) * 4)
    if not wanted:
        return forms
    values = field.run(emit(g, wanted), x, p, (len(wanted),))
    for key, value in zip((*twice, *thrice), values, strict=True):
        form = forms[len(key) - 3]
        for order in _orders(key[1:]):
            form[(key[0], *order)] = value
    return forms


def _further(g: Graph, nodes: Tensor, axes: list[Node]) -> Tensor:
    """One derivative more by each axis that does not come before the last one."""
    made: Tensor = {}
    for key, node in nodes.items():
        known = leaves([node])
        first = key[-1] if len(key) > 1 else 0
        for j in range(first, len(axes)):
            if axes[j].name in known:
                slope = derivative(g, node, axes[j])
                if not is_const(slope, 0):
                    made[(*key, j)] = slope
    return made


def _orders(key: tuple[int, ...]) -> set[tuple[int, ...]]:
    from itertools import permutations

    return set(permutations(key))


def _open(g: Graph, rate: Node) -> Node:
    """The same with (eᶻ − 1)/z in place of `exprel`, whose third derivative has no name."""
    exchange: dict[Node, Node] = {}
    for node in reach([rate]):
        if node.op == "exprel":
            z = rebuild(g, node.args[0], exchange)
            exchange[node] = g.div(g.apply("expm1", z), z)
    return rebuild(g, rate, exchange)
