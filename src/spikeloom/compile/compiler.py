"""`compile_neuron`: equations + method → a verified Program."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from spikeloom.compile.adjoint import adjoint
from spikeloom.compile.arrange import arrange
from spikeloom.compile.emit import emit
from spikeloom.compile.graph import Graph, Node, is_const, leaves
from spikeloom.compile.hoist import hoist
from spikeloom.compile.lengths import DONE, END, deaf_after_end, until_end
from spikeloom.compile.lower import SURROGATE, Lowered
from spikeloom.compile.methods import Method
from spikeloom.compile.parts import check_parts
from spikeloom.compile.program import Program
from spikeloom.compile.step import COUNTER, Step, build
from spikeloom.compile.verify import RANDOM, verify
from spikeloom.errors import CompileError

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory, Surrogate

WIDTH = f"{SURROGATE}width"
"""Parameter of a Program that was compiled with a width of its own."""


def compile_neuron(
    neuron: Cell | Neuron | Refractory,
    method: Method | None = None,
    *,
    surrogate: Surrogate | None = None,
    own_width: bool = False,
    through_reset: bool = True,
    smooth: bool = False,
    given_noise: bool = False,
    ends: bool = False,
) -> Program:
    r"""Turn the equations of a neuron into a Program.

    Arguments:
        neuron: A neuron value; only its equations matter here, its parameters enter in `bind`.
        method: How to integrate; None chooses and says why in `Program.reason`.
        surrogate: Shape of the gradient of a spike; None lets no gradient through spikes.
        own_width: Whether the surrogate's argument is divided by a parameter
            ``surrogate.width`` instead of the distance from the starting state to threshold.
        through_reset: Whether gradients flow through the reset, as the dependence of the state on
            the spike.
        smooth: Replace each spike by the surrogate's own smooth curve. The backward block is then
            the exact derivative of the forward block, which is how gradients are tested.
        given_noise: Random numbers are inputs, ``normal.xi`` and ``uniform.draw1``, instead of
            being drawn by the engine: for layers, and for the same noise at several time steps.
        ends: Each column has its own number of steps, an input; after them its states stay what
            they are and it sends nothing. See `spikeloom.compile.lengths`.

    Returns:
        The verified Program. It depends on neither dt nor any parameter's value.

    Raises:
        ParameterError: What was given is no neuron, no method or no surrogate.
        CompileError: The method does not suit the equations, or the surrogate has nothing to
            work on.

    Example:
        >>> from spikeloom.models import LIF
        >>> compile_neuron(LIF()).method
        'Exact()'
    """
    check_parts("compile_neuron", neuron, method, surrogate)
    if neuron.definition.ticks:
        raise CompileError(
            f"{neuron.definition.name} computes with whole numbers from tick to tick: there is no "
            "flow to integrate, and no gradient.",
            hint="simulate(...) runs it on the fixed engine; compile_ticks(neuron) is its Program",
        )
    lowered, step, start = one_step(
        neuron, method, surrogate, own_width=own_width, smooth=smooth, given_noise=given_noise
    )
    if ends:
        step = until_end(lowered.graph, step)
    return _assemble(lowered, step, start, own_width=own_width, through_reset=through_reset)


def one_step(
    neuron: Cell | Neuron | Refractory,
    method: Method | None,
    surrogate: Surrogate | None,
    *,
    own_width: bool,
    smooth: bool,
    given_noise: bool,
) -> tuple[Lowered, Step, dict[str, Node]]:
    """Equations, the nodes of one step, and the starting states, all in one graph."""
    graph = Graph()
    definition = neuron.definition
    lowered = Lowered(graph, definition, surrogate and surrogate.definition, None, given_noise)
    start = lowered.start()
    if surrogate is not None and definition.fires is not None:
        width = graph.leaf(f"param:{WIDTH}") if own_width else _distance(lowered, start)
        lowered = Lowered(graph, definition, surrogate.definition, width, given_noise)
    step = build(lowered, method, smooth=smooth)
    made = arrange(graph, step.roots)
    states = {name: made[f"state:{name}"] for name in step.states}
    return lowered, replace(step, states=states, out=made["out"]), start


def _distance(lowered: Lowered, start: dict[str, Node]) -> Node:
    """Distance from the starting state to threshold: the natural scale of a surrogate."""
    g = lowered.graph
    resting = lowered.fires(start, start)
    if resting is None or resting.margin is None:
        return g.const(1)
    distance = g.apply("abs", resting.margin)
    if is_const(distance, 0):
        raise CompileError(
            f"{lowered.model}: it starts exactly at threshold, so the surrogate has no scale.",
            hint="give the surrogate's scale: width=1 * mV",
        )
    return distance


def _assemble(
    lowered: Lowered, step: Step, start: dict[str, Node], *, own_width: bool, through_reset: bool
) -> Program:
    graph, definition = lowered.graph, lowered.definition
    states = dict(step.states)
    start = start | {n: graph.const(0) for n in (COUNTER, DONE) if n in states}
    forward, hoisted = hoist(graph, step.roots)
    random = [name for name in leaves(forward.values()) if name.startswith(RANDOM)]
    inputs = tuple(i.name for i in definition.inputs) + given_numbers(lowered, forward.values())
    inputs += (END,) * (DONE in states)
    backward = adjoint(
        graph,
        {n: forward[f"state:{n}"] for n in states},
        forward["out"],
        inputs=inputs,
        coefs=hoisted.coefs,
        through_reset=through_reset,
    )
    prologue = {f"coef:{n}": node for n, node in hoisted.coefs.items()}
    prologue |= {f"start:{n}": start[n] for n in states}
    blocks = emit(graph, forward), emit(graph, backward)
    if DONE in states:
        blocks = tuple(deaf_after_end(b, [i.name for i in definition.inputs]) for b in blocks)
    params = [p.name for p in definition.params]
    if lowered.surrogate is not None and definition.fires is not None:
        params += [SURROGATE + p.name for p in lowered.surrogate.params]
        params += [WIDTH] if own_width else []
    return verify(
        Program(
            model=definition.name,
            method=repr(step.method),
            reason=step.reason,
            time_unit=str(definition.time_unit),
            states=tuple(states),
            inputs=inputs,
            params=tuple(params),
            coefs=tuple(hoisted.coefs),
            spikes=step.spikes,
            prologue=emit(graph, prologue),
            forward=blocks[0],
            backward=blocks[1],
            random=tuple(sorted(random)),
        )
    )


def given_numbers(lowered: Lowered, roots: Iterable[Node]) -> tuple[str, ...]:
    """Random numbers that come in as inputs."""
    if not lowered.given:
        return ()
    marks = tuple("input:" + kind.replace(":", ".") for kind in RANDOM)
    found = [name for name in leaves(roots) if name.startswith(marks)]
    return tuple(sorted(name.removeprefix("input:") for name in found))
