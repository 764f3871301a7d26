"""A model of the library as Brian2 text, translated from its lowered equations.

Brian gets the equations that our own engines get: every parameter a plain number in its declared
unit, rates per ms. Names carry a prefix (``s_`` state, ``p_`` parameter, ``d_`` drive), since Brian
keeps some letters, such as ``i``, for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from spikeloom.compile.graph import Graph, Node, leaves
from spikeloom.compile.lower import Lowered, Threshold
from spikeloom.compile.values import numbers
from spikeloom.errors import BenchmarkError

if TYPE_CHECKING:
    from spikeloom.equations import Neuron

INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "lt": "<", "le": "<=",
         "gt": ">", "ge": ">=", "and": "and", "or": "or"}  # fmt: skip
CALLS = frozenset(
    {"exp", "expm1", "log", "log1p", "sqrt", "abs", "sign", "tanh", "sinh", "cosh", "sin", "cos",
     "exprel", "floor", "ceil"}
)  # fmt: skip
PATTERNS: Mapping[str, str] = {
    "neg": "(-{0})",
    "not": "(not {0})",
    "sigmoid": "(1/(1 + exp(-{0})))",
    "atan": "arctan({0})",
    # Brian has no choice within an expression; conditions count as 0 and 1.
    "select": "(int({0})*{1} + (1 - int({0}))*{2})",
    "min": "(int({0} < {1})*{0} + int({0} >= {1})*{1})",
    "max": "(int({0} > {1})*{0} + int({0} <= {1})*{1})",
    "indicator": "int({0})",
}
PREFIX = {"state": "s_", "param": "p_", "input": "d_"}


@dataclass(frozen=True)
class BrianText:
    """What Brian2 needs to know of a model; plain values, as a worker can be told.

    Arguments:
        equations: Differential equations, and the drive as a constant of each neuron.
        threshold: Condition; None for a model without spikes.
        rising: Whether it counts only where the condition begins to hold.
        reset: Statements.
        parameters: Prefixed name → number.
        method: Name of Brian's integrator.
    """

    equations: str
    threshold: str | None
    rising: bool
    reset: str
    parameters: Mapping[str, float]
    method: str

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def brian_text(neuron: Neuron, method: str, drive: str | None) -> BrianText:
    """Translate a model.

    Arguments:
        neuron: A neuron without a refractory period; its impulses stay away.
        method: Name of Brian's integrator.
        drive: Input that is held; the others are 0.

    Raises:
        BenchmarkError: Something in the equations has no counterpart in Brian2.

    >>> from spikeloom import QuadraticIF
    >>> told = brian_text(QuadraticIF(), "rk4", "I")
    >>> print(told.equations)
    ds_v/dt = (((s_v*s_v) + d_I)/p_tau)/ms : 1
    d_I : 1 (constant)
    >>> told.threshold, told.reset
    ('(s_v >= p_peak)', 'n_v = p_v_reset; s_v = n_v')
    """
    definition = neuron.definition
    if definition.period is not None or definition.ticks:
        raise BenchmarkError(f"{definition.name} has no translation for Brian2.")
    graph = Graph()
    lowered = Lowered(graph, definition, None, None)
    now = {name: graph.leaf(f"state:{name}") for name in lowered.states}
    write = _Writer(definition.name, drive)
    equations = [f"ds_{n}/dt = {write(node)}/ms : 1" for n, node in lowered.rates(now).items()]
    fired = lowered.fires({n: graph.leaf(f"before:{n}") for n in now}, now)
    condition, rising = _condition(graph, fired, write)
    new = {n: node for n, node in lowered.reset(now).items() if node is not now[n]}
    # All new values come from the state before the reset; Brian's statements run one by one.
    made = [f"n_{n} = {write(node)}" for n, node in new.items()] + [f"s_{n} = n_{n}" for n in new]
    if drive is not None:
        equations.append(f"d_{drive} : 1 (constant)")
    return BrianText(
        equations="\n".join(equations),
        threshold=condition,
        rising=rising,
        reset="; ".join(made),
        parameters={f"p_{n}": float(x) for n, x in numbers(neuron).items()},
        method=method,
    )


def _condition(
    graph: Graph, fired: Threshold | None, write: Callable[[Node], str]
) -> tuple[str | None, bool]:
    if fired is None:
        return None, False
    gates = [] if fired.gate is None else [fired.gate]
    if any(name.startswith("before:") for name in leaves(gates)):
        return write(fired.crossed), True
    whole = fired.crossed
    for gate in gates:
        whole = graph.apply("and", whole, gate)
    return write(whole), False


@dataclass(frozen=True)
class _Writer:
    model: str
    drive: str | None

    def __call__(self, node: Node) -> str:
        if node.op == "const":
            return repr(node.value)
        if node.op == "leaf":
            return self._leaf(node.name or "")
        args = [self(a) for a in node.args]
        if node.op in INFIX:
            sign = INFIX[node.op]
            spaced = sign if sign in ("*", "/", "**") else f" {sign} "
            return f"({args[0]}{spaced}{args[1]})"
        if node.op in PATTERNS:
            return PATTERNS[node.op].format(*args)
        if node.op in CALLS:
            return f"{node.op}({', '.join(args)})"
        raise BenchmarkError(f"{self.model}: {node.op!r} has no counterpart in Brian2.")

    def _leaf(self, name: str) -> str:
        if name == "dt":
            return "(dt/ms)"
        kind, _, rest = name.partition(":")
        if kind == "uniform":
            return "rand()"
        if kind == "noise":  # the rate around it is divided by ms as a whole
            return f"xi_{rest}*ms**0.5"
        if kind == "input" and rest != self.drive:
            return "0.0"
        if kind not in PREFIX:
            raise BenchmarkError(f"{self.model}: {name!r} has no counterpart in Brian2.")
        return PREFIX[kind] + rest
