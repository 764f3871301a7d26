"""`chaos`: every interval between spikes over a parameter, and how fast neighbours part there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spikeloom.compile import RK4, Method, Program, bind, compile_neuron
from spikeloom.compile.derivative import push
from spikeloom.compile.graph import Graph
from spikeloom.compile.lower import Lowered
from spikeloom.compile.methods import Flow
from spikeloom.compile.values import numbers
from spikeloom.engines.population import native
from spikeloom.equations.quantity import Quantity, Unit
from spikeloom.errors import NumericsError, ParameterError
from spikeloom.lab.constant import constant_inputs, plain
from spikeloom.lab.fi_curve import split
from spikeloom.lab.over import over_of
from spikeloom.lab.stepping import Lanes
from spikeloom.lab.tangent import assembled, tangent
from spikeloom.lab.vector_field import Array, vector_field

if TYPE_CHECKING:
    from spikeloom.equations import Cell, Neuron, Refractory

BLOCKS = 10
"""Parts of a run whose exponents are compared."""
TURNS = 20
"""Times in each part that the distance is brought back to 1."""
LANES = 300
"""Values where only the ends of a range are given."""


@dataclass(frozen=True, eq=False, repr=False)
class Chaos:
    """Intervals between spikes and largest Lyapunov exponents over one parameter or input.

    Arguments:
        model: Name of the model.
        over: What is varied, and `unit` its unit.
        values: Its values, (N,).
        intervals: For each value every interval between spikes, in `time`.
        exponent: Largest Lyapunov exponent, (N,), per unit of time: above zero for chaos, zero for
            an oscillation, below zero at rest.
        error: Its standard error, (N,), from ten parts of the run.
        time: Unit of time.

    >>> import numpy as np
    >>> from spikeloom import HindmarshRose, lab, ms, one
    >>> found = lab.chaos(HindmarshRose(), "I", np.array([2.0, 3.0, 4.0]) * one)
    >>> isinstance(found, Chaos), [len(i) for i in found.intervals]
    (True, [311, 583, 992])
    """

    model: str
    over: str
    unit: Unit
    values: Array
    intervals: tuple[Array, ...]
    exponent: Array
    error: Array
    time: Unit

    @property
    def chaotic(self) -> Array:
        """Where the exponent is above zero by four standard errors, (N,)."""
        return self.exponent > 4 * self.error

    def __repr__(self) -> str:
        shown = f" {self.unit!s}".rstrip()
        k = int(np.argmax(self.exponent))
        return (
            f"{self.model} over {self.over} from {self.values[0]:g} to {self.values[-1]:g}{shown}: "
            f"{int(self.chaotic.sum())} of {len(self.values)} values in chaos; largest exponent "
            f"{self.exponent[k]:.3g} ± {self.error[k]:.1g} / {self.time!s} at {self.values[k]:.4g}"
        )


def chaos(
    model: Cell | Neuron | Refractory,
    over: str,
    values: Quantity,
    *,
    held: Mapping[str, Any] | None = None,
    settle: Quantity | None = None,
    duration: Quantity | None = None,
    dt: Quantity | None = None,
    method: Method | None = None,
) -> Chaos:
    r"""Every interval between spikes, and the largest Lyapunov exponent, over what is varied.

    All values run side by side. With each neuron goes an infinitely small push: the derivative of
    its step, taken from the equations, applied again and again. The exponent is the mean rate at
    which the logarithm of its length grows,

    .. math:: \lambda = \lim_{T\to\infty} \frac1T \ln \frac{|\delta x(T)|}{|\delta x(0)|}.

    Arguments:
        model: One neuron that no spike resets.
        over: Name of the input or parameter that varies.
        values: Its range, ``(low, high) * unit``, 300 values of it; or every value.
        held: Constant inputs, name → value.
        settle: How long it runs before it is looked at; 4000 ms if None.
        duration: How long it is looked at; 20,000 ms if None.
        dt: Time step; None takes 0.05 ms.
        method: How to integrate; None takes Runge-Kutta.

    Raises:
        ParameterError: Nothing of this name, a range that is none, or a neuron with resets.
        NumericsError: A state is not finite: dt is too large.

    Source: Benettin, Galgani, Giorgilli & Strelcyn 1980, Meccanica 15:9.

    >>> import numpy as np
    >>> from spikeloom import HindmarshRose, lab, one
    >>> found = lab.chaos(HindmarshRose(), "I", np.array([1.0, 3.25, 4.0]) * one)
    >>> found.chaotic.tolist()
    [False, True, False]
    """
    who = "chaos"
    inputs = constant_inputs(who, model, None, None, held)
    asked = over_of(who, model, over, values)
    field = vector_field(who, model, inputs, free=(asked.leaf,))
    if field.hybrid or model.definition.noises or model.definition.hold:
        raise ParameterError(
            f"{who}: {model.definition.name} is reset or driven by chance, so neighbours part in "
            "jumps.",
            hint="take a neuron that only flows, such as HindmarshRose() or HodgkinHuxley()",
        )
    unit = field.definition.time_unit
    step = 0.05 if dt is None else plain(who, "dt", unit, dt)
    first = 4000.0 if settle is None else plain(who, "settle", unit, settle)
    length = 20000.0 if duration is None else plain(who, "duration", unit, duration)
    each = round(length / step / BLOCKS / TURNS)
    if not (step > 0 and first >= 0 and each >= 1):
        raise ParameterError(
            f"{who}: dt must be above 0, settle not negative, and duration at least "
            f"{BLOCKS * TURNS} steps."
        )
    given, method = asked.values(LANES - 1), method or RK4()
    lanes = Lanes(compile_neuron(model, method), numbers(model), inputs, asked.leaf, step)
    state = lanes.run(given, lanes.start(given), max(round(first / step), 1), watch=False).state
    spikes = lanes.run(given, state, each * BLOCKS * TURNS, watch=False)
    growth = _growth(lanes, _pushed(model, method), state, given, each)
    if not np.isfinite(growth).all():
        bad = given[~np.isfinite(growth).all(0)][0]
        raise NumericsError(
            f"{who}: a state of {model.definition.name} is not finite at {over} = {bad:g}.",
            hint="a smaller dt, or another method",
        )
    steps = np.zeros(0) if spikes.spike_steps is None else spikes.spike_steps
    ids = np.zeros(0, np.int64) if spikes.spike_ids is None else spikes.spike_ids
    trains = split(steps * step, ids, len(given))
    return Chaos(
        model=field.definition.name,
        over=over,
        unit=asked.unit,
        values=given,
        intervals=tuple(np.diff(train) for train in trains),
        exponent=growth.mean(0),
        error=growth.std(0, ddof=1) / np.sqrt(BLOCKS),
        time=unit,
    )


def _pushed(model: Cell | Neuron | Refractory, method: Method) -> Program:
    """A step of the flow that takes a small push along."""
    d, g = model.definition, Graph()
    low = Lowered(g, d, None, None)
    leaf = {n: g.leaf(f"state:{n}") for n in low.states}
    moved = method.step(Flow(g, g.leaf("dt"), low.states, low.inflows, low.rates, low.model), leaf)
    seeds = {leaf[n]: g.leaf(f"state:{tangent(0, n)}") for n in low.states}
    pushed = push(g, moved.values(), seeds)
    roots = {f"state:{n}": node for n, node in moved.items()}
    roots |= {f"state:{tangent(0, n)}": node for n, node in zip(moved, pushed, strict=True)}
    roots["out"] = moved[low.states[0]]
    begin = {**low.start(), **{tangent(0, n): g.const(1) for n in low.states}}
    return assembled(g, d, roots, begin, repr(method))


def _growth(lanes: Lanes, program: Program, state: Array, given: Array, each: int) -> Array:
    """Mean rate of growth of the push in each part of the run, (BLOCKS, N)."""
    kind, name = lanes.leaf.split(":")
    params: dict[str, Any] = {**lanes.params}
    inputs: dict[str, Any] = {**lanes.inputs}
    (params if kind == "param" else inputs)[name] = given
    bound = bind(program, params, lanes.dt)
    flows = {n: np.ascontiguousarray(np.broadcast_to(inputs.get(n, 0.0), given.shape), np.float64)
             for n in program.inputs}  # fmt: skip
    size = len(lanes.program.states)
    rows = [lanes.program.states.index(n) for n in program.states[:size]]
    now = np.concatenate([state[rows], np.ones((size, len(given)))])
    growth = np.zeros((BLOCKS, len(given)))
    # The first part only turns the push into the direction that grows most.
    for block in range(-1, BLOCKS):
        for _ in range(TURNS):
            now[size:] /= np.linalg.norm(now[size:], axis=0)
            run = native().simulate(program, bound.coefs, now, each, flows, spikes="none")
            now = np.array(run.state)
            if block >= 0:
                growth[block] += np.log(np.linalg.norm(now[size:], axis=0))
    return growth / (each * TURNS * lanes.dt)
