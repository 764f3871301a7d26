"""Synapses: written like neurons, and every mistake found when the class is made."""

from __future__ import annotations

from typing import Any, Self

import pytest

from spikeloom.equations import (
    Condition,
    Expr,
    Input,
    Param,
    Post,
    State,
    Synapse,
    impulse,
    inflow,
    rises,
    state,
)
from spikeloom.equations.units import ms, mV, nA, nS, pA
from spikeloom.errors import ModelError, ParameterError, UnitError
from spikeloom.models import NMDA, AlphaCurrent, Delta, ExponentialConductance


def test_a_synapse_is_a_value(sent: Any) -> None:
    synapse = ExponentialConductance(tau=3 * ms, E=-80 * mV)
    assert repr(synapse) == "ExponentialConductance(tau=3 * ms, E=-80 * mV)"
    assert sent(synapse) == synapse == ExponentialConductance().replace(tau=3 * ms, E=-80 * mV)
    assert synapse != ExponentialConductance(tau=3 * ms)
    assert len({synapse, sent(synapse), AlphaCurrent()}) == 2
    with pytest.raises(UnitError, match=r"ExponentialConductance\.tau must be a time"):
        ExponentialConductance(tau=3 * mV)
    with pytest.raises(ParameterError, match="no parameter 'tua'"):
        ExponentialConductance(tua=3 * ms)  # type: ignore[call-arg]


def test_a_synapse_shows_itself() -> None:
    assert "gives: g*(E - post.v)" in str(ExponentialConductance())
    assert str(Delta()) == "Delta  0 states · impulse w in mV\n  kicks: w"
    assert "on arrival: x = x + w" in str(NMDA())


def no_impulse() -> None:
    class Wrong(Synapse):  # here
        tau: Param = 5 * ms
        i: State = state(pA)

        def flow(self, d: Self) -> None:
            d.i = -self.i / self.tau

        def gives(self, post: Post) -> Expr:
            return self.i


def an_inflow() -> None:
    class Wrong(Synapse):
        w: Input = inflow(pA)  # here

        def gives(self, post: Post) -> Expr:
            return self.w


def no_effect() -> None:
    class Wrong(Synapse):  # here
        tau: Param = 5 * ms
        i: State = state(pA)
        w: Input = impulse(pA)

        def flow(self, d: Self) -> None:
            d.i = -self.i / self.tau

        def receive(self, after: Self) -> None:
            after.i = self.i + self.w


def no_receive() -> None:
    class Wrong(Synapse):  # here
        tau: Param = 5 * ms
        i: State = state(pA)
        w: Input = impulse(pA)

        def flow(self, d: Self) -> None:
            d.i = -self.i / self.tau

        def gives(self, post: Post) -> Expr:
            return self.i


def impulse_as_a_current() -> None:
    class Wrong(Synapse):
        w: Input = impulse(pA)

        def gives(self, post: Post) -> Expr:
            return self.w  # here


def wrong_kick() -> None:
    class Wrong(Synapse):
        w: Input = impulse(nA)

        def kicks(self, post: Post) -> Expr:
            return self.w  # here


def another_state_of_the_target() -> None:
    class Wrong(Synapse):
        w: Input = impulse(nS)

        def kicks(self, post: Post) -> Any:
            return self.w * post.u  # here


def gives_a_condition() -> None:
    class Wrong(Synapse):  # here
        w: Input = impulse(mV)

        def kicks(self, post: Post) -> Condition:
            return post.v > self.w


def gives_nothing() -> None:
    class Wrong(Synapse):  # here
        w: Input = impulse(mV)

        def kicks(self, post: Post) -> None:
            _ = post.v + self.w


def fires_like_a_neuron() -> None:
    class Wrong(Synapse):  # here
        w: Input = impulse(mV)

        def kicks(self, post: Post) -> Expr:
            return self.w

        def fires(self) -> Condition:
            return rises(self.w, 1 * mV)


def slip_of_the_pen() -> None:
    class Wrong(Synapse):  # here
        w: Input = impulse(mV)

        def kick(self, post: Post) -> Expr:
            return self.w


def unused_param() -> None:
    class Wrong(Synapse):
        tau: Param = 5 * ms  # here
        w: Input = impulse(mV)

        def kicks(self, post: Post) -> Expr:
            return self.w


def units_that_do_not_fit() -> None:
    class Wrong(Synapse):
        E: Param = 1 * nA
        w: Input = impulse(mV)

        def kicks(self, post: Post) -> Expr:
            return self.w * (self.E - post.v)  # here


@pytest.mark.parametrize(
    ("build", "kind", "word"),
    [
        (no_impulse, ModelError, "here are 0"),
        (an_inflow, ModelError, "only spikes reach a synapse"),
        (no_effect, ModelError, "the target feels nothing"),
        (no_receive, ModelError, "receive is missing"),
        (impulse_as_a_current, ModelError, "acts only where it arrives"),
        (wrong_kick, UnitError, "added to the potential"),
        (another_state_of_the_target, ModelError, "write post.v"),
        (gives_a_condition, ModelError, "the condition post.v > w"),
        (gives_nothing, ModelError, "it returned nothing"),
        (fires_like_a_neuron, ModelError, "a synapse does not fire"),
        (slip_of_the_pen, ModelError, "did you mean 'kicks'?"),
        (unused_param, ModelError, "no equation uses it"),
        (units_that_do_not_fit, UnitError, "do not fit"),
    ],
)
def test_wrong_synapse(mistake: Any, build: Any, kind: type, word: str) -> None:
    error, line = mistake(build)
    assert (error.kind, error.line) == (kind, line)
    assert error.headline.startswith("Wrong")
    assert word in error.text
