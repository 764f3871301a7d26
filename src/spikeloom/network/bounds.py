"""Weights that a learning rule cannot be meant for: a scale that was forgotten, or its sign."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spikeloom.compile.learning_program import RuleProgram
from spikeloom.compile.numeric import run_block
from spikeloom.engines.network_plan import NetworkPlan, ProjectionPlan
from spikeloom.equations.quantity import Quantity
from spikeloom.network.description import Connection, Learning


def bounds(connection: Connection, plan: NetworkPlan) -> Iterator[str]:
    """What is wrong with the first weights of a connection that learns, in words."""
    learning = connection.learning
    for projection in (p.whole for p in plan.projections if p.learning is not None):
        if projection.name != connection.name or projection.empty or learning is None:
            continue
        low, high = _range(projection)
        said = list(_outside(connection, learning, low, high))
        if not said and (bad := _no_number(projection, low, high)) is not None:
            said.append(
                f"{connection.name}: with w = {bad:g} {learning.rule.definition.name} gives NaN; "
                f"{_advice(connection)}"
            )
        yield from said[:1]
        return


def _outside(connection: Connection, learning: Learning, low: float, high: float) -> Iterator[str]:
    rule, name = learning.rule, learning.rule.definition.name
    most = rule.values.get("w_max")
    if not isinstance(most, Quantity) or most.shape:
        return
    limit = float(np.asarray(most.to(rule.definition.weight)))
    if high > limit * (1 + 1e-6):
        yield (
            f"{connection.name}: a weight is w = {high:g} for {name}, which cuts it to w_max = "
            f"{limit:g} at the first event; {_advice(connection)}"
        )
    if low < 0 and "w_min" not in rule.values:
        yield (
            f"{connection.name}: a weight is w = {low:g} for {name}, which cuts it to 0 at the "
            f"first event; {_advice(connection)}"
        )


def _advice(connection: Connection) -> str:
    given = connection.weight
    one = isinstance(given, Quantity) and not given.shape
    example = repr(given) if one else "the greatest weight"
    return f"say what w = 1 stands for, such as scale={example}"


def _range(projection: ProjectionPlan) -> tuple[float, float]:
    weights = np.asarray(projection.weights)
    return float(weights.min()), float(weights.max())


def _no_number(projection: ProjectionPlan, low: float, high: float) -> float | None:
    """A first weight of which the rule makes NaN, with all its traces at 1."""
    learning = projection.learning
    if learning is None or learning.program.reads:
        return None
    program: RuleProgram = learning.program
    for w in (low, high):
        leaves = {f"coef:{n}": x for n, x in learning.coefs.items()}
        for name in (*program.pre, *program.post, *program.synapse, *program.shared):
            leaves |= {f"state:{name}": 1.0, f"own:{name}": 1.0}
        leaves |= {"state:w": w, "own:w": w, "event:reward": 1.0}
        for name, block in program.blocks.items():
            if name.startswith("on_") and name.endswith(".synapse"):
                given = run_block(block, leaves)
                if "state:w" in given and np.isnan(given["state:w"]):
                    return w
    return None
