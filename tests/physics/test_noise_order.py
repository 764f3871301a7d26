"""Order of every method under noise: fitted slopes of the error against the step.

Strong order is that of the paths: all steps run on one and the same Brownian path, which comes in
as input. Weak order is that of means: the normal numbers are replaced by √3 (-1, 0, 1) with
probabilities 1/6, 2/3, 1/6, which have the same first five moments, and *all* paths are run, so the
mean is exact and no chance is left (Kloeden & Platen 1992, section 14.1).
"""

from __future__ import annotations

from itertools import product
from typing import Any, Self

import numpy as np
import pytest

from spikeloom.compile import (
    RK4,
    EulerMaruyama,
    Exact,
    ExponentialEuler,
    Heun,
    Midpoint,
    Milstein,
    bind,
    compile_neuron,
)
from spikeloom.compile.values import numbers
from spikeloom.engines.reference import Reference
from spikeloom.equations import Neuron, Noise, Param, State, exp, noise, sqrt, state
from spikeloom.equations.units import ms, one
from spikeloom.errors import CompileError

HEUN_LIKE = (Heun(), Midpoint(), RK4())


class Growth(Neuron):
    """Geometric Brownian motion, Itô: x(t) = exp((a - b²/2) t + b W)."""

    a: Param = 1.0 / ms
    b: Param = 0.8
    x: State = state(one, start=1)
    xi: Noise = noise()

    def flow(self, d: Self) -> None:
        d.x = self.a * self.x + self.b / sqrt(1 * ms) * self.x * self.xi


class Stirred(Neuron):
    """The same in the sense of Stratonovich: x(t) = exp(a t + b W)."""

    a: Param = 1.0 / ms
    b: Param = 0.8
    x: State = state(one, start=1)
    xi: Noise = noise(stratonovich=True)

    def flow(self, d: Self) -> None:
        d.x = self.a * self.x + self.b / sqrt(1 * ms) * self.x * self.xi


class Bounded(Neuron):
    """A nonlinear rate under noise whose factor is constant."""

    x: State = state(one, start=0.4)
    xi: Noise = noise()

    def flow(self, d: Self) -> None:
        d.x = (self.x - exp(self.x) * self.x) / ms + 0.5 / sqrt(1 * ms) * self.xi


class Tangled(Neuron):
    """Two noises that do not commute."""

    x: State = state(one, start=1)
    y: State = state(one, start=1)
    one_: Noise = noise()
    two: Noise = noise()

    def flow(self, d: Self) -> None:
        root = sqrt(1 * ms)
        d.x = -self.x / ms + self.y / root * self.one_
        d.y = -self.y / ms + self.x / root * self.two


def last(neuron: Neuron, method: Any, dt: float, normal: dict[str, Any]) -> Any:
    """First state at the end, for given normal numbers: name → (steps, paths)."""
    program = compile_neuron(neuron, method, given_noise=True)
    bound = bind(program, numbers(neuron), dt)
    steps, paths = next(iter(normal.values())).shape
    inputs = {f"normal.{name}": x[:, None] for name, x in normal.items()}
    engine = Reference()
    start = bound.initial(1, paths)
    return engine.forward(program, bound.coefs, inputs, start, steps).state[0, 0]


def coarser(fine: Any, steps: int) -> Any:
    """The same path in fewer steps."""
    parts = len(fine) // steps
    return fine.reshape(steps, parts, -1).sum(1) / np.sqrt(parts)


def strong(neuron: Neuron, method: Any, names: tuple[str, ...] = ("xi",), truth: Any = None) -> Any:
    """Slope of the mean error of paths at time 1 ms, over 8 to 64 steps."""
    rng = np.random.Generator(np.random.Philox(5))
    finest, counts = 1024, np.array([8, 16, 32, 64])
    paths = {name: rng.normal(size=(finest, 1200)) for name in names}
    if truth is None:  # a step 16 times finer stands for the truth
        end = last(neuron, method, 1 / finest, paths)
    else:
        end = truth(next(iter(paths.values())).sum(0) / np.sqrt(finest))
    errors = []
    for steps in counts:
        given = {name: coarser(path, int(steps)) for name, path in paths.items()}
        errors.append(np.mean(np.abs(last(neuron, method, 1 / steps, given) - end)))
    return -np.polyfit(np.log(counts), np.log(errors), 1)[0]


def ito(w: Any) -> Any:
    return np.exp(1.0 - 0.32 + 0.8 * w)


def stratonovich(w: Any) -> Any:
    return np.exp(1.0 + 0.8 * w)


@pytest.mark.parametrize("neuron", [Growth(), Stirred()], ids=["ito", "stratonovich"])
@pytest.mark.parametrize(
    ("method", "order"),
    [
        (EulerMaruyama(), 0.5),
        (ExponentialEuler(), 0.5),
        (Milstein(), 1.0),
        (Heun(), 1.0),
        (Midpoint(), 1.0),
        # Here drift and noise commute, so the solution is that of an ordinary equation in t and W,
        # which RK4 follows further than any other equation under noise.
        (RK4(), 2.0),
    ],
    ids=repr,
)
def test_strong_order_against_the_closed_form(neuron: Neuron, method: Any, order: float) -> None:
    """The solution itself is known, so this also holds the sense of the noise for each method."""
    truth = ito if isinstance(neuron, Growth) else stratonovich
    assert strong(neuron, method, truth=truth) == pytest.approx(order, abs=0.15)


@pytest.mark.parametrize("method", [EulerMaruyama(), Milstein(), *HEUN_LIKE], ids=repr)
def test_strong_order_one_where_the_factor_is_constant(method: Any) -> None:
    assert strong(Bounded(), method) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("method", [EulerMaruyama(), *HEUN_LIKE], ids=repr)
def test_strong_order_one_half_where_noises_do_not_commute(method: Any) -> None:
    assert strong(Tangled(), method, ("one_", "two")) == pytest.approx(0.5, abs=0.12)


def test_milstein_says_that_noises_do_not_commute() -> None:
    with pytest.raises(CompileError, match="commute"):
        compile_neuron(Tangled(), Milstein())


def weak_error(neuron: Neuron, method: Any, steps: int, moment: int, truth: float) -> float:
    """Exact error of E[x^moment] at 1 ms: all paths of three-valued increments."""
    values, chances = np.sqrt(3) * np.array([-1, 0, 1]), np.array([1 / 6, 2 / 3, 1 / 6])
    every = np.array(list(product(range(3), repeat=steps))).T
    end = last(neuron, method, 1 / steps, {"xi": values[every]})
    return abs(float(np.sum(end**moment * np.prod(chances[every], axis=0))) - truth)


def weak(neuron: Neuron, method: Any, moment: int, truth: float) -> float:
    counts = [3, 4, 6, 8]
    errors = [weak_error(neuron, method, steps, moment, truth) for steps in counts]
    return float(-np.polyfit(np.log(counts), np.log(errors), 1)[0])


@pytest.mark.parametrize("moment", [1, 2])
@pytest.mark.parametrize(
    ("method", "order"),
    [(EulerMaruyama(), 1.0), (Milstein(), 1.0), (Heun(), 1.0), (Midpoint(), 1.0)],
    ids=repr,
)
def test_weak_order_against_the_closed_form(method: Any, order: float, moment: int) -> None:
    slow = Growth(a=0.3 / ms, b=0.4)
    truth = float(np.exp(moment * 0.3 + moment * (moment - 1) / 2 * 0.16))
    assert weak(slow, method, moment, truth) >= order - 0.15


def test_exponential_euler_keeps_the_mean_exactly_and_the_square_to_first_order() -> None:
    slow = Growth(a=0.3 / ms, b=0.4)
    assert weak_error(slow, ExponentialEuler(), 3, 1, float(np.exp(0.3))) < 1e-12
    truth = float(np.exp(0.6 + 0.16))
    assert weak(slow, ExponentialEuler(), 2, truth) == pytest.approx(1.0, abs=0.15)


class Leaky(Neuron):
    """Ornstein-Uhlenbeck from a start that is not its mean."""

    x: State = state(one, start=1)
    xi: Noise = noise()

    def flow(self, d: Self) -> None:
        d.x = -self.x / ms + sqrt(2 / ms) * self.xi


@pytest.mark.parametrize(
    ("method", "order"),
    [(EulerMaruyama(), 1.0), (Milstein(), 1.0), (Heun(), 2.0), (Midpoint(), 2.0), (RK4(), 2.0)],
    ids=repr,
)
def test_weak_order_where_the_factor_is_constant(method: Any, order: float) -> None:
    second = float(np.exp(-2) + (1 - np.exp(-2)))
    found = weak(Leaky(), method, 2, second)
    assert found == pytest.approx(order, abs=0.35)


@pytest.mark.parametrize("method", [Exact(), ExponentialEuler()], ids=repr)
def test_linear_noise_is_exact_at_any_step(method: Any) -> None:
    for steps in (1, 2, 5):
        for moment, truth in ((1, np.exp(-1)), (2, 1.0)):
            assert weak_error(Leaky(), method, steps, moment, float(truth)) < 1e-12
