r"""Mechanisms: what crosses the membrane of a compartment, taken from the equations of a model.

In a tree of compartments the potential belongs to the tree. Of a membrane model only two things are
asked then: how fast the potential would change by itself, with its slope for an implicit step, and
how its other states move while the potential is held. Both are read off the same equations:

    C dv/dt = C r(v, x) + Σ g (v_j − v) + I        r = dv/dt of the model without input
    dx/dt   = f(x; v)                              linear in x for gates: an exact half of a step

The slope ∂r/∂v is derived from the graph; the capacitance is 1 / (∂r/∂I), so it needs no name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from json import dumps
from typing import TYPE_CHECKING

from spikeloom.compile.arrange import arrange
from spikeloom.compile.choose import choose
from spikeloom.compile.derivative import derivative
from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Graph, Node, leaves, rebuild
from spikeloom.compile.hoist import hoist
from spikeloom.compile.lower import Lowered
from spikeloom.compile.methods import Flow, Method
from spikeloom.compile.program import Block
from spikeloom.compile.reset import POTENTIAL, fired, refuse
from spikeloom.compile.step import COUNTER
from spikeloom.compile.verify import verify_block
from spikeloom.equations.definition import Definition, Rules, SynapseDefinition
from spikeloom.equations.expr import Condition, Expr
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.equations.units import amp, cm2, ms, mV, nA
from spikeloom.errors import CompileError

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory, Synapse

INFLOW = "I"
DENSITY = amp / cm2
HELD = 1e12
"""What is taken from the slope of a membrane that is held, per ms: it moves less than rounding."""


@dataclass(frozen=True)
class Mechanism:
    """A membrane, or a synapse at one place, ready for an engine.

    Potentials are in mV and times in ms, whatever the model declares.

    - *prologue* reads ``dt`` and ``param:NAME``; gives ``coef:NAME``, ``start:STATE`` and, for
      membranes, ``start:v`` and ``gain``, which is dv/dt for one unit of inflow.
    - *current* reads ``state:v``, ``state:NAME``, ``coef:NAME``; gives ``rate`` and ``slope``: of
      a membrane dv/dt and its derivative by v, of a synapse the current in nA and its derivative.
    - *advance* reads the same; gives ``state:NAME`` after ``dt``, the potential held.
    - *receive* reads the same and ``input:NAME``; gives ``state:NAME`` after an arrival.
    - *settle* reads ``state:v`` and ``coef:NAME``; gives the start of the others at that potential.
    - *fire* of a membrane that a spike resets reads the same after a step; gives ``out``, 1 where
      it fired, ``state:v`` and ``state:NAME``. While it is refractory its slope is minus `HELD`.
    - *jacobian* reads all states; gives ``flow:X``, which is dX/dt, its derivatives ``X:v`` and
      ``X:Y`` by the potential and the other states, and ``rate:X``, that of the rate.

    Arguments:
        model: Name of the model.
        method, reason: How the states other than the potential are stepped, and why.
        states: Those states.
        impulse: Name of the input of a synapse; None for a membrane.
        inflow: Unit of the inflow of a membrane; None for a synapse.
        params, coefs: Names that the prologue reads and gives.
    """

    model: str
    method: str
    reason: str
    states: tuple[str, ...]
    impulse: str | None
    inflow: Unit | None
    params: tuple[str, ...]
    coefs: tuple[str, ...]
    prologue: Block
    current: Block
    advance: Block
    receive: Block
    settle: Block
    jacobian: Block
    fire: Block | None = None

    @property
    def per_area(self) -> bool:
        """Whether the membrane is meant for a unit of area."""
        return self.inflow is not None and self.inflow.fits(DENSITY)

    @cached_property
    def key(self) -> str:
        """Content hash of what engines run."""
        fire = () if self.fire is None else (self.fire,)
        blocks = [asdict(b) for b in (self.current, self.advance, self.receive, *fire)]
        names = [self.states, self.coefs, self.impulse, self.inflow is None]
        return sha256(dumps([names, *blocks]).encode()).hexdigest()[:32]


def membrane(neuron: Cell | Neuron | Refractory, method: Method | None = None) -> Mechanism:
    """The membrane of a compartment from the equations of a neuron.

    Arguments:
        neuron: A model with the potential ``v`` and the inflow ``I``. A reset happens where it is;
            while `Refractory` holds v, that compartment is clamped.
        method: How the other states are stepped; None chooses.

    Raises:
        CompileError: It is noisy, or its potential does not answer to ``I`` alone.

    >>> from spikeloom.models import HodgkinHuxley
    >>> m = membrane(HodgkinHuxley())
    >>> m.states, m.method, m.current.names, m.per_area
    (('m', 'h', 'n'), 'ExponentialEuler()', ('rate', 'slope'), True)
    """
    return _membrane(neuron.definition, method)


def point(synapse: Synapse, method: Method | None = None) -> Mechanism:
    """A synapse at one place of a tree, whose current is absolute.

    Raises:
        CompileError: It gives no current, or is noisy.

    >>> from spikeloom.models import ExponentialConductance
    >>> m = point(ExponentialConductance())
    >>> m.states, m.impulse, m.receive.names
    (('g',), 'w', ('state:g',))
    """
    return _point(type(synapse).definition, method)


@lru_cache(maxsize=256)
def _membrane(definition: Definition, method: Method | None) -> Mechanism:
    name = definition.name
    _check(definition)
    graph = Graph()
    lowered = Lowered(graph, definition, None, None)
    inflow = next(i for i in definition.inputs if i.name == INFLOW)
    given = graph.leaf(f"input:{INFLOW}")
    v = graph.leaf(f"state:{POTENTIAL}")
    others = tuple(s for s in lowered.states if s != POTENTIAL)
    start = lowered.start()
    to_mv, per_ms = _units(definition)
    at = {s: graph.leaf(f"state:{s}") for s in others}
    at[POTENTIAL] = graph.mul(v, graph.const(1 / to_mv))
    rate = graph.mul(lowered.rates(at)[POTENTIAL], graph.const(to_mv * per_ms))
    gain = derivative(graph, rate, given)
    varying = {*(f"state:{s}" for s in lowered.states), f"input:{INFLOW}"}
    if leaves([gain]) & varying:
        raise refuse(name, "how the potential answers to the inflow I depends on its states")
    rate = rebuild(graph, rate, {given: graph.const(0)})
    made = {f"start:{s}": start[s] for s in others} | {
        "start:v": graph.mul(start[POTENTIAL], graph.const(to_mv)),
        "gain": gain,
    }
    slope = derivative(graph, rate, v)
    if definition.reset and f"state:{POTENTIAL}" in leaves([slope]):
        raise refuse(
            name,
            "its potential is reset and runs away before, dv/dt not being linear in v: the step"
            " that reaches the spike would throw its neighbours anywhere",
        )
    if lowered.hold:
        resting = graph.apply("gt", graph.leaf(f"state:{COUNTER}"), graph.const(0))
        slope = graph.select(resting, graph.const(-HELD), slope)
    roots = {"rate": rate, "slope": slope}
    return _assemble(lowered, method, others, roots, made, v, to_mv, per_ms, inflow.unit)


@lru_cache(maxsize=256)
def _point(synapse: SynapseDefinition, method: Method | None) -> Mechanism:
    if synapse.gives is None:
        raise refuse(synapse.name, "it moves the potential at once instead of giving a current")
    if synapse.noises:
        raise refuse(synapse.name, "it is driven by noise")
    s = synapse
    alone = Definition(
        s.name, s.doc, s.source, s.params, s.states, (s.input,), s.flow, s.receive, None, Rules()
    )
    graph = Graph()
    lowered = Lowered(graph, alone, None, None)
    v, seen = graph.leaf(f"state:{POTENTIAL}"), graph.leaf("post:v")
    at = {n: graph.leaf(f"state:{n}") for n in lowered.states}
    given = lowered.expr(synapse.gives, at)
    if not synapse.gives.unit.fits(nA):
        raise refuse(synapse.name, f"it gives {synapse.gives.unit.described}, no current")
    given = rebuild(graph, given, {seen: v})
    current = graph.mul(given, graph.const(1 / alone.factor(nA)))
    roots = {"rate": current, "slope": derivative(graph, current, v)}
    start = {f"start:{n}": node for n, node in lowered.start().items()}
    per_ms = _scale(1 / alone.time_unit, 1 / ms)
    return _assemble(lowered, method, lowered.states, roots, start, v, 1.0, per_ms, None)


def _assemble(
    lowered: Lowered,
    method: Method | None,
    others: tuple[str, ...],
    roots: dict[str, Node],
    made: dict[str, Node],
    v: Node,
    to_mv: float,
    per_ms: float,
    inflow: Unit | None,
) -> Mechanism:
    graph, definition = lowered.graph, lowered.definition
    held, probe = graph.leaf(f"input:{POTENTIAL}"), graph.leaf(f"probe:{POTENTIAL}")
    zero = {graph.leaf(f"input:{INFLOW}"): graph.const(0), graph.leaf("post:v"): held, probe: held}

    def rates(at: Mapping[str, Node]) -> dict[str, Node]:
        # Removable singularities are found for a state; only then does it become an input.
        found = lowered.rates(dict(at) | {POTENTIAL: graph.mul(probe, graph.const(1 / to_mv))})
        return {n: graph.mul(rebuild(graph, found[n], zero), graph.const(per_ms)) for n in others}

    # The potential is an input here, so that rates which depend on it are no constants.
    flow = Flow(graph, graph.leaf("dt"), others, (POTENTIAL,), rates, definition.name)
    reason = "asked for"
    if method is None:
        method, reason = choose(flow)
    start = {n: graph.leaf(f"state:{n}") for n in others}
    after = {f"state:{n}": node for n, node in method.step(flow, start).items()}
    kept = {n: node for n, node in lowered.receive(start).items() if n in others}
    arrived = {f"state:{n}": node for n, node in kept.items()} if inflow is None else {}
    settled = {f"state:{n}": node for n, node in _settled(lowered, others, v, to_mv).items()}
    blocks = {"current": roots, "advance": after, "receive": arrived, "settle": settled}
    blocks["jacobian"] = _jacobian(graph, rates(start), roots["rate"], start, held)
    states = others
    if inflow is not None and lowered.hold:
        states, count = (*others, COUNTER), graph.leaf(f"state:{COUNTER}")
        after[f"state:{COUNTER}"], settled[f"state:{COUNTER}"] = count, graph.const(0)
        blocks["jacobian"] |= {f"flow:{COUNTER}": graph.const(0)}
        pairs = [(a, COUNTER) for a in (*states, "rate")] + [(COUNTER, b) for b in ("v", *others)]
        for a, b in pairs:
            label = f"rate:{b}" if a == "rate" else f"{a}:{b}"
            blocks["jacobian"][label] = graph.const(0)
    if inflow is not None and (definition.reset or definition.hold):
        blocks["fire"] = fired(lowered, others, v, to_mv, per_ms)
    blocks = {
        label: {n: rebuild(graph, x, {held: v}) for n, x in part.items()}
        for label, part in blocks.items()
    }
    flat = {f"{label} {n}": node for label, part in blocks.items() for n, node in part.items()}
    step, hoisted = hoist(graph, arrange(graph, flat))
    written = {
        label: emit(graph, {n: step[f"{label} {n}"] for n in part})
        for label, part in blocks.items()
    }
    prologue = {f"coef:{n}": node for n, node in hoisted.coefs.items()} | made
    impulse = None if inflow is not None else definition.inputs[0].name
    reads = {f"state:{n}" for n in (POTENTIAL, *states)} | {f"coef:{n}" for n in hoisted.coefs}
    for label, block in written.items():
        more = {f"input:{impulse}"} if label == "receive" else set[str]()
        verify_block(definition.name, label, block, reads | more, set(blocks[label]))
    params = tuple(p.name for p in definition.params)
    block = emit(graph, prologue)
    verify_block(
        definition.name, "prologue", block, {"dt", *(f"param:{p}" for p in params)}, {*prologue}
    )
    return Mechanism(
        model=definition.name,
        method=repr(method),
        reason=reason,
        states=states,
        impulse=impulse,
        inflow=inflow,
        params=params,
        coefs=tuple(hoisted.coefs),
        prologue=block,
        current=written["current"],
        advance=written["advance"],
        receive=written["receive"],
        settle=written["settle"],
        jacobian=written["jacobian"],
        fire=written.get("fire"),
    )


def _jacobian(
    graph: Graph, flows: Mapping[str, Node], rate: Node, at: Mapping[str, Node], held: Node
) -> dict[str, Node]:
    made: dict[str, Node] = {}
    for name, flow in flows.items():
        made[f"flow:{name}"] = flow
        made[f"rate:{name}"] = derivative(graph, rate, at[name])
        made[f"{name}:v"] = derivative(graph, flow, held)
        made |= {f"{name}:{other}": derivative(graph, flow, at[other]) for other in at}
    return made


def _settled(lowered: Lowered, others: tuple[str, ...], v: Node, to_mv: float) -> dict[str, Node]:
    """Where the other states start if the potential is v, as the model writes it."""
    graph, definition = lowered.graph, lowered.definition
    at = {POTENTIAL: graph.mul(v, graph.const(1 / to_mv))}

    def start(name: str) -> Node:
        if name not in at:
            declared = definition.state(name)
            for read in _states_in(declared.written):
                start(read)
            value = lowered.expr(declared.written, at)
            at[name] = graph.mul(value, graph.const(1 / definition.factor(declared.unit)))
        return at[name]

    return {name: start(name) for name in others}


def _states_in(root: Expr | Condition) -> set[str]:
    if isinstance(root, Expr) and root.op == "leaf":
        return {root.name or ""} if root.kind == "state" else set()
    return set[str]().union(*(_states_in(a) for a in root.args))


def _check(definition: Definition) -> None:
    name = definition.name
    if POTENTIAL not in [s.name for s in definition.states]:
        raise refuse(name, "it has no state v")
    if not definition.state(POTENTIAL).unit.fits(mV):
        raise refuse(name, f"its v is {definition.state(POTENTIAL).unit.described}")
    inflows = [i for i in definition.inputs if i.name == INFLOW and i.kind == "inflow"]
    if not inflows or not (inflows[0].unit.fits(nA) or inflows[0].unit.fits(DENSITY)):
        raise refuse(name, "it has no inflow I that is a current, or a current per area")
    others = [i.name for i in definition.inputs if i.name != INFLOW]
    if others:
        raise refuse(name, f"it has the further input {others[0]!r}")
    if set(definition.hold) - {POTENTIAL}:
        raise refuse(name, "more than its potential is held while it is refractory")
    if definition.noises:
        raise CompileError(
            f"{name} cannot be a part of a cable: it is driven by white noise, of which the"
            " implicit steps of a tree know nothing.",
            hint="take the model without noise and inject an OrnsteinUhlenbeck current",
        )


def _units(definition: Definition) -> tuple[float, float]:
    """Its potential in mV, and a rate of its own in one per ms."""
    return _scale(definition.state(POTENTIAL).unit, mV), _scale(1 / definition.time_unit, 1 / ms)


def _scale(unit: Unit | Quantity, wanted: Unit | Quantity) -> float:
    a = unit if isinstance(unit, Quantity) else Quantity(1.0, unit)
    b = wanted.unit if isinstance(wanted, Quantity) else wanted
    return float(a.to(b))
