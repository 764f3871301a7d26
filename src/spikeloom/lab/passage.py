"""From one spike to the next, with the slopes of the spike time by every parameter.

A step on a grid hides how a spike time depends on a parameter: it jumps from step to step. Here the
neuron runs to the step in which it crosses its threshold, and within that step goes on by its
distance to threshold in place of time, so that it lands on the threshold itself. Flow, landing and
reset are differentiated as arithmetic: forward, along one direction for each parameter. No
sensitivity equation is written down; the tangents are those of the instructions.

Source: Henon 1982, Physica D 5:412 (a threshold met exactly, by exchanging time and distance).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spikeloom.compile import RK4, Method, Program
from spikeloom.compile.derivative import push
from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Graph, Node, rebuild
from spikeloom.compile.lower import Lowered
from spikeloom.compile.methods import Flow
from spikeloom.compile.program import Block
from spikeloom.errors import CompileError
from spikeloom.lab.tangent import assembled, tangents

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

NEVER = -1e9
"""A margin below all others: nothing has been seen yet."""
EXPLODES = 0.25
"""Growth of an upstroke in a step, as a share of it, from which on distance is the better clock."""
NEAR = 0.005
"""The way in a step, as a share of that to threshold, from which on it counts as an upstroke."""
CROSSED, CLOCK, WHEN, ARMED, BEST, REST, SPAN = (
    f"passage.{name}" for name in ("crossed", "clock", "when", "armed", "best", "rest", "span")
)


@dataclass(frozen=True, eq=False)
class Passage:
    """A neuron that runs to its next spike and stands still there.

    Arguments:
        program: One step; its states are those of the neuron, what is kept of the crossing, and
            a tangent of each for every parameter.
        moving: Names of the states that have tangents.
        names: Parameters, P of them.
        reset: Gives all states and tangents after a spike; over states, tangents and parameters.
        span: Gives the distance to threshold and its tangents; over the same and the inputs.
        landing: A step of a share of that distance.
    """

    program: Program
    moving: tuple[str, ...]
    names: tuple[str, ...]
    reset: Block
    span: Block
    landing: Program


def passage(
    neuron: Cell | Neuron | Refractory, names: tuple[str, ...], method: Method | None = None
) -> Passage:
    """The step of a neuron up to its next spike, with tangents.

    Arguments:
        neuron: A neuron that fires where one quantity crosses another.
        names: Parameters by which spike times are differentiated.
        method: How to integrate; None takes Runge-Kutta.

    Raises:
        CompileError: It fires by chance or by several conditions at once, or never.
    """
    d = neuron.definition
    graph = Graph()
    low = Lowered(graph, d, None, None)
    kept = (*low.states, *((REST,) if low.hold else ()))
    moving = (*kept, WHEN, BEST)
    leaf = {n: graph.leaf(f"state:{n}") for n in (*moving, CROSSED, CLOCK, ARMED)}
    after = _step(low, leaf, method or RK4())
    roots = {f"state:{n}": node for n, node in after.items()}
    roots |= tangents(graph, {n: after[n] for n in moving}, moving, names)
    roots["out"] = after[low.states[0]]
    begin = {**low.start(), CROSSED: graph.const(0), CLOCK: graph.const(0), WHEN: graph.const(0),
             ARMED: graph.const(0), BEST: graph.const(NEVER), REST: graph.const(0)}  # fmt: skip
    begin = {n: begin[n] for n in after}
    begin |= {key.removeprefix("state:"): node for key, node in
              tangents(graph, {n: begin[n] for n in moving}, moving, names).items()}  # fmt: skip
    reset = low.reset({n: leaf[n] for n in low.states})
    if low.hold:
        reset[REST] = graph.leaf(f"param:{d.period}")
    cleared = {f"state:{n}": node for n, node in reset.items()}
    cleared |= tangents(graph, reset, moving, names)
    ahead = {SPAN: graph.apply("max", graph.neg(_margin(low, leaf)), graph.const(0))}
    ahead |= {key.removeprefix("state:"): node for key, node in
              tangents(graph, ahead, moving, names).items()}  # fmt: skip
    lands = (*low.states, WHEN, SPAN)
    landed = _land(low, {n: graph.leaf(f"state:{n}") for n in lands})
    last = {f"state:{n}": node for n, node in landed.items()}
    last |= tangents(graph, landed, lands, names)
    last["out"] = landed[low.states[0]]
    nothing = {n.removeprefix("state:"): graph.const(0) for n in last}
    return Passage(
        assembled(graph, d, roots, begin, repr(method or RK4())),
        moving,
        names,
        emit(graph, cleared),
        emit(graph, ahead),
        assembled(graph, d, last, nothing, "RK4() over the distance to threshold"),
    )


def _rise(low: Lowered, point: Mapping[str, Node]) -> tuple[Node, Node]:
    """How fast the threshold comes nearer, and how fast that grows."""
    g = low.graph
    fresh = {n: g.leaf(f"probe:{n}") for n in low.states}
    flow = low.rates(fresh)
    along = {fresh[n]: flow[n] for n in low.states}
    speed = push(g, [_margin(low, fresh)], along)[0]
    growth = push(g, [speed], along)[0]
    put = {fresh[n]: point[n] for n in low.states}
    return rebuild(g, speed, put), rebuild(g, growth, put)


def _explodes(low: Lowered, point: Mapping[str, Node]) -> Node:
    """Whether an upstroke grows so fast that steps in time see little of it, as an exponential."""
    g = low.graph
    (speed, growth), dt = _rise(low, point), g.leaf("dt")
    near = g.mul(g.const(NEAR), g.apply("abs", _margin(low, point)))
    fast = g.apply("gt", g.mul(growth, dt), g.mul(g.const(EXPLODES), speed))
    return g.apply("and", g.apply("gt", g.mul(speed, dt), near), fast)


def _land(low: Lowered, leaf: Mapping[str, Node]) -> dict[str, Node]:
    """A share ``dt`` of the way to threshold."""
    g, states = low.graph, (*low.states, WHEN, SPAN)

    def rates(point: Mapping[str, Node]) -> dict[str, Node]:
        here = {n: point[n] for n in low.states}
        flow, (speed, _) = low.rates(here), _rise(low, here)
        time = g.div(leaf[SPAN], speed)
        return {**{n: g.mul(rate, time) for n, rate in flow.items()}, WHEN: time, SPAN: g.const(0)}

    return RK4().step(Flow(g, g.leaf("dt"), states, low.inflows, rates, low.model), leaf)


def _step(low: Lowered, leaf: Mapping[str, Node], method: Method) -> dict[str, Node]:
    g, dt = low.graph, low.graph.leaf("dt")
    before = {n: leaf[n] for n in low.states}
    share = g.const(1)
    received = low.receive(before)
    if low.hold:  # the part of the step in which it is no longer refractory
        share = g.sub(g.const(1), g.div(leaf[REST], dt))
        share = g.apply("min", g.apply("max", share, g.const(0)), g.const(1))
        resting = g.apply("gt", leaf[REST], g.const(0))
        received |= {n: g.select(resting, before[n], received[n]) for n in low.hold}

    def rates(point: Mapping[str, Node]) -> dict[str, Node]:
        made = low.rates(point)
        return {n: g.mul(share, r) if n in low.hold else r for n, r in made.items()}

    moved = method.step(Flow(g, dt, low.states, low.inflows, rates, low.model), received)
    last = _margin(low, moved)
    beyond = g.apply("ge", last, g.const(0))
    done = g.apply("gt", leaf[CROSSED], g.const(0.5))
    ready = g.apply("and", g.apply("gt", leaf[ARMED], g.const(0.5)), g.apply("not", done))
    crosses = g.apply("and", g.apply("or", beyond, _explodes(low, received)), ready)
    after: dict[str, Node] = {}
    for n in low.states:  # it stands still at the beginning of that step, for `Landing` to go on
        after[n] = g.select(crosses, received[n], g.select(done, before[n], moved[n]))
    if low.hold:
        after[REST] = g.apply("max", g.sub(leaf[REST], dt), g.const(0))
    after[WHEN] = g.select(crosses, leaf[CLOCK], leaf[WHEN])
    higher = g.apply("max", leaf[BEST], last)
    after[BEST] = g.select(done, leaf[BEST], higher)
    after[CROSSED] = g.select(crosses, g.const(1), leaf[CROSSED])
    after[CLOCK] = g.add(leaf[CLOCK], dt)
    after[ARMED] = g.select(beyond, leaf[ARMED], g.const(1))
    return after


def _margin(low: Lowered, point: Mapping[str, Node]) -> Node:
    """How far past its threshold a neuron is."""
    found, condition = low.fires(point, point), low.definition.fires
    if found is None or condition is None:
        raise CompileError(f"{low.model}: it never fires.", hint="fit its potential")
    one = found.gate is None or condition.op == "rises"
    if found.margin is None or found.probability is not None or not one:
        raise CompileError(
            f"{low.model}: no single quantity decides when it fires, so a spike time has no slope.",
            hint="method='global'",
        )
    return found.margin
