"""Membranes that a spike resets: what a compartment of a tree does at the end of a step."""

from __future__ import annotations

from spikeloom.compile.graph import Node, leaves
from spikeloom.compile.lower import Lowered
from spikeloom.compile.step import COUNTER
from spikeloom.errors import CompileError

POTENTIAL = "v"


def fired(
    lowered: Lowered, others: tuple[str, ...], v: Node, to_mv: float, per_ms: float
) -> dict[str, Node]:
    """Whether a membrane fires after a step, and what it is reset to.

    Arguments:
        lowered: The model.
        others: Its states but the potential.
        v: The potential in mV.
        to_mv, per_ms: Units of its potential in mV, and of its rates in one per ms.

    Raises:
        CompileError: It never fires, by chance, or by what was a step before.
    """
    g, definition = lowered.graph, lowered.definition
    at = {n: g.leaf(f"state:{n}") for n in others}
    at[POTENTIAL] = g.mul(v, g.const(1 / to_mv))
    before = {n: g.leaf(f"before:{n}") for n in (POTENTIAL, *others)}
    threshold = lowered.fires(before, at)
    if threshold is None:
        raise refuse(definition.name, "it has a reset but never fires")
    hit = threshold.crossed
    if threshold.gate is not None:
        hit = g.apply("and", hit, threshold.gate)
    made: dict[str, Node] = {}
    if lowered.hold:
        count = g.leaf(f"state:{COUNTER}")
        hit = g.apply("and", hit, g.apply("not", g.apply("gt", count, g.const(0))))
        period = g.mul(g.leaf(f"param:{definition.period}"), g.const(1 / per_ms))
        steps = g.apply("ceil", g.sub(g.div(period, g.leaf("dt")), g.const(1e-6)))
        left = g.apply("max", g.sub(count, g.const(1)), g.const(0))
        made[f"state:{COUNTER}"] = g.select(hit, steps, left)
    unknown = {x for x in leaves([hit]) if x.startswith(("before:", "uniform:", "normal:"))}
    if unknown:
        raise refuse(
            definition.name,
            "it fires by chance"
            if not any(x.startswith("before:") for x in unknown)
            else "its threshold looks at the step before, and it has a reset",
        )
    reset = lowered.reset(at)
    made |= {f"state:{n}": g.select(hit, reset[n], at[n]) for n in others}
    made["state:v"] = g.select(hit, g.mul(reset[POTENTIAL], g.const(to_mv)), v)
    return made | {"out": g.apply("indicator", hit)}


def refuse(name: str, why: str) -> CompileError:
    """The error that says why a model cannot be a part of a cable."""
    return CompileError(
        f"{name} cannot be a part of a cable: {why}.",
        hint="a membrane has a potential v and an inflow I, as HodgkinHuxley and LIF have; synapses"
        " stand at places",
    )
