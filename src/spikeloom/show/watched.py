"""What a neuron compares when it decides to fire, over the course of a run.

A model may compare no state but a sum of them, and its threshold may move: both are read from its
firing condition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Graph
from spikeloom.compile.lower import Lowered
from spikeloom.compile.numeric import run_block
from spikeloom.compile.values import numbers
from spikeloom.equations import Condition, Expr
from spikeloom.equations.randomness import CHANCES, walk

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory, Unit
    from spikeloom.lab import Response

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Watched:
    """A course over the times of a response.

    Arguments:
        name: The state's name, or the expression that is compared.
        values: (T + 1,), in `unit`.
        unit: Of the values.
        moves: Whether it depends on a state.
    """

    name: str
    values: Array
    unit: Unit
    moves: bool


def compared(found: Response) -> tuple[Watched, Watched | None]:
    """The potential and the threshold of a response.

    The potential is what the firing condition compares, unless that is random or absent: then it is
    the response's own, or where that never moves, the rate or probability of firing. The threshold
    is what it is compared with.

    >>> from spikeloom import MihalasNiebur, SRM0, lab, ms, mV, nA
    >>> run = lab.response(SRM0(), 0.2 * nA, 50 * ms)
    >>> [w.name for w in compared(run)]
    ['E + h + eta', 'theta']
    """
    pair = _pair(found)
    if pair is None:
        chance = _chance(found)
        if chance is not None:
            return _course(found, chance), None
        name = found.potential
        return Watched(name, found.states[name], found.units[name], True), None
    left, right = (_course(found, side) for side in pair)
    return left, right


def states_in(node: Expr) -> set[str]:
    """Names of the states that an expression reads."""
    leaves = (n for n in walk(node) if isinstance(n, Expr) and n.op == "leaf")
    return {n.name or "" for n in leaves if n.kind == "state"}


def shown_states(found: Response) -> set[str]:
    """States that potential and threshold show by themselves already."""
    pair = _pair(found)
    if pair is None and _chance(found) is not None:
        return set()
    alone = [n.name or "" for n in pair or () if n.op == "leaf" and n.kind == "state"]
    return set(alone) if pair else {found.potential}


def _pair(found: Response) -> tuple[Expr, Expr] | None:
    """Of a model of whole numbers none: its conditions shift and mask."""
    definition = found.model.definition
    return None if definition.ticks else _comparison(definition.fires)


def _chance(found: Response) -> Expr | None:
    """What decides about a spike by chance, where no state moves that could be shown."""
    fires = found.model.definition.fires
    still = all(float(np.ptp(x)) == 0 for x in found.states.values())
    if fires is None or fires.op not in CHANCES or not still:
        return None
    return next((a for a in fires.args if isinstance(a, Expr) and a.kind != "draw"), None)


def _comparison(fires: Condition | None) -> tuple[Expr, Expr] | None:
    """The two sides of the first comparison in a condition, the potential first."""
    if fires is None or fires.op in (*CHANCES, "not"):
        return None
    if fires.op in ("and", "or"):
        parts = [_comparison(c) for c in fires.args if isinstance(c, Condition)]
        return next((p for p in parts if p is not None), None)
    a, b = (x for x in fires.args if isinstance(x, Expr))
    return (a, b) if fires.op in ("ge", "gt", "rises") else (b, a)


def _course(found: Response, node: Expr) -> Watched:
    if node.op == "leaf" and node.kind == "state":
        name = node.name or ""
        return Watched(name, found.states[name], found.units[name], True)
    definition = found.model.definition
    unit = _unit(found.model, node)
    graph = Graph()
    lowered = Lowered(graph, definition, None, None)
    point = {s.name: graph.leaf(f"state:{s.name}") for s in definition.states}
    made = graph.mul(lowered.expr(node, point), graph.const(1 / definition.factor(unit)))
    leaves = {f"state:{name}": values for name, values in found.states.items()}
    leaves |= {f"input:{found.port}": found.input}
    leaves |= {f"param:{name}": value for name, value in numbers(found.model).items()}
    values = run_block(emit(graph, {"x": made}), leaves)["x"]
    moves = bool(states_in(node))
    return Watched(str(node), np.broadcast_to(values, found.times.shape), unit, moves)


def _unit(model: Cell | Neuron | Refractory, node: Expr) -> Unit:
    """The unit in which a state, or else anything that takes part, is declared."""
    declared = {s.name: s.unit for s in model.definition.states}
    declared |= {p.name: p.unit for p in model.definition.params}
    leaves = (n for n in walk(node) if isinstance(n, Expr) and n.op == "leaf")
    fitting = [declared[n.name or ""] for n in leaves if (n.name or "") in declared]
    return next((u for u in fitting if u.fits(node.unit)), node.unit)
