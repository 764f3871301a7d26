"""The method for equations that name none, with the reason in words."""

from __future__ import annotations

from spikeloom.compile.derivative import derivative
from spikeloom.compile.diffusion import Diffusion
from spikeloom.compile.graph import leaves
from spikeloom.compile.linear import affine
from spikeloom.compile.methods import (
    RK4,
    Exact,
    ExponentialEuler,
    Flow,
    Heun,
    Method,
    own_rates,
)  # fmt: skip


def choose(flow: Flow) -> tuple[Method, str]:
    """The method for a flow, and why."""
    if flow.noise is not None:
        return _with_noise(flow, flow.noise)
    if _linear(flow):
        return Exact(), "all rates are linear, so the step is exact"
    if _linear_in_itself(flow):
        return (
            ExponentialEuler(),
            "every rate is linear in its own state, so each state relaxes exactly"
            " while the others are held",
        )
    return RK4(), "some rate is nonlinear in its own state"


def _with_noise(flow: Flow, noise: Diffusion) -> tuple[Method, str]:
    if noise.constant and _linear(flow):
        return Exact(), (
            "all rates are linear and the factors of the noise are parameters, so the step is"
            " exact in distribution"
        )
    additive = noise.additive
    if _linear_in_itself(flow):
        return ExponentialEuler(), (
            "every rate is linear in its own state, so each state relaxes exactly while the others"
            " are held, and noise is spread over its decay: "
            + ("strong order 1" if additive else "strong order one half, weak order 1")
        )
    if additive:
        return RK4(), (
            "some rate is nonlinear in its own state; noise is constant during a step, of strong"
            " order 1, because its factors depend on no state"
        )
    commuting = "which commute: strong order 1" if noise.commutes else "strong order one half"
    return Heun(), (
        "some rate is nonlinear in its own state; the factors of the noise depend on states, "
        + commuting
    )


def _linear(flow: Flow) -> bool:
    return affine(flow.graph, flow.rates, flow.states, flow.inputs) is not None


def _linear_in_itself(flow: Flow) -> bool:
    rates = own_rates(flow).values()
    slopes = {r.own.name: derivative(flow.graph, r.node, r.own) for r in rates}
    return all(own not in leaves([slope]) for own, slope in slopes.items())
