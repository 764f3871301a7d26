"""Noise and chance in the language: what they mean, how they read, and what is wrong with them."""

from __future__ import annotations

from multiprocessing.reduction import ForkingPickler
from typing import Any, Self

import pytest

from spikeloom.equations import (
    Cell,
    Condition,
    Input,
    Neuron,
    Noise,
    Param,
    Refractory,
    State,
    Surrogate,
    Synapse,
    chance,
    escapes,
    exp,
    from_text,
    impulse,
    noise,
    sqrt,
    state,
    where,
)
from spikeloom.equations.units import Hz, ms, mV, nS, one
from spikeloom.errors import ModelError, SpikeloomError, UnitError
from spikeloom.models import DiffusionLIF, OUConductance, OUCurrent


class Two(Neuron):
    """Two noises, a random spike, and a reset that is left to chance."""

    tau: Param = 20 * ms
    sigma: Param = 5 * mV
    rho: Param = 10 * Hz
    v: State = state(mV)
    u: State = state(mV)
    xi: Noise = noise()
    """From outside."""
    eta: Noise = noise(stratonovich=True)

    def flow(self, d: Self) -> None:
        d.v = -self.v / self.tau + self.sigma * sqrt(2 / self.tau) * self.xi
        d.u = -self.u / self.tau + self.u * sqrt(2 / self.tau) * self.eta

    def fires(self) -> Condition:
        return escapes(self.rho * exp(self.v / self.sigma))

    def reset(self, after: Self) -> None:
        skipped = chance(0.25)
        after.v = where(skipped, self.v, 0 * mV)
        after.u = where(skipped, self.u, where(chance(0.5), 0 * mV, 1 * mV))


TEXT = """\
dv/dt = -v/tau + sigma*sqrt(2/tau)*xi : mV
du/dt = -u/tau + u*sqrt(2/tau)*eta : mV
eta : Stratonovich noise
spike when: escapes(rho*exp(v/sigma))
after a spike: v = where(chance(0.25), v, 0*mV)
after a spike: u = where(chance(0.25), u, where(chance(0.5), 0*mV, mV))"""


def draws(node: Any) -> list[str]:
    found = [node.name] if getattr(node, "kind", None) == "draw" else []
    return found + [name for arg in node.args for name in draws(arg)]


def test_what_was_said_is_kept() -> None:
    d = Two.definition
    assert [(xi.name, xi.stratonovich, str(xi.unit)) for xi in d.noises] == [
        ("xi", False, "1/ms¹ᐟ²"), ("eta", True, "1/ms¹ᐟ²")
    ]  # fmt: skip
    assert d.noises[0].doc == "From outside."
    assert str(Two().equations) == TEXT
    for value in (d, Two(rho=20 * Hz)):  # as they travel to a process of torch or of pytest
        assert ForkingPickler.loads(ForkingPickler.dumps(value)) == value


def test_a_condition_that_is_kept_is_drawn_once_and_two_are_drawn_apart() -> None:
    d = Two.definition
    assert draws(d.fires) == ["draw1"]
    assert draws(d.reset["v"]) == ["draw2"]
    assert draws(d.reset["u"]) == ["draw2", "draw3"]


def test_text_says_the_same() -> None:
    units: dict[str, Any] = {"tau": 20 * ms, "sigma": 5 * mV, "rho": 10 * Hz}
    again = from_text(TEXT, name="Two", **units)
    assert again.definition.noises == Two.definition.noises
    assert again.definition.flow == Two.definition.flow
    assert str(again(tau=20 * ms).equations) == TEXT


def test_text_in_the_manner_of_brian() -> None:
    made = from_text(
        """dv/dt = (E - v)/tau + kick : volt
        kick = sigma*sqrt(2/tau)*xi_exc - s*xi_inh : volt/second""",
        threshold="v > 0*mV", reset="v = E", tau=10 * ms, E=-10 * mV, sigma=2 * mV,
        s=1 * mV / ms**0.5,
    )  # fmt: skip
    assert sorted(xi.name for xi in made.definition.noises) == ["xi_exc", "xi_inh"]
    taken = from_text("dv/dt = (xi - v)/tau : mV", tau=10 * ms, xi=3 * mV)
    assert taken.definition.noises == ()  # a parameter of that name is a parameter


def test_latex_reads_like_a_paper() -> None:
    tex = Two().equations.latex()
    assert r"\sqrt{\frac{2}{\tau}} \, \xi" in tex
    assert r"\text{at the rate } \rho \, e^{v/\sigma}" in tex
    assert r"\text{with probability } 0.25" in tex


def test_cells_and_wrappers_keep_the_noise_of_their_parts() -> None:
    cell = Cell(Refractory(DiffusionLIF(), 2 * ms), exc=OUConductance(), inh=OUCurrent())
    assert [xi.name for xi in cell.definition.noises] == ["xi", "exc_xi", "inh_xi"]
    assert "exc_sigma*sqrt(2/exc_tau)*exc_xi" in str(cell.equations)
    twice = Cell(DiffusionLIF(), a=OUCurrent(), b=OUCurrent())
    assert len({xi.name for xi in twice.definition.noises}) == 3


# ------------------------------------------------------------------ mistakes, each at its own line


def forgotten_root() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        sigma: Param = 5 * mV
        v: State = state(mV)
        xi: Noise = noise()

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau + self.sigma * self.xi  # here


def noise_alone() -> None:
    class Wrong(Neuron):
        sigma: Param = 5 * mV
        v: State = state(mV)
        xi: Noise = noise()

        def flow(self, d: Self) -> None:
            d.v = self.sigma * self.xi  # here


def squared_noise() -> None:
    class Wrong(Neuron):
        v: State = state(mV)
        xi: Noise = noise()

        def flow(self, d: Self) -> None:
            d.v = mV * self.xi * self.xi  # here


def noise_in_a_function() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)
        xi: Noise = noise()

        def flow(self, d: Self) -> None:
            d.v = -self.v * exp(self.xi * sqrt(self.tau)) / self.tau  # here


def divided_by_noise() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)
        xi: Noise = noise()

        def flow(self, d: Self) -> None:
            d.v = self.v / self.xi / self.tau**1.5  # here


def noise_in_a_condition() -> None:
    class Wrong(Neuron):
        v: State = state(mV)
        xi: Noise = noise()

        def flow(self, d: Self) -> None:
            d.v = mV / sqrt(ms) * self.xi

        def fires(self) -> Condition:
            return self.v > mV * sqrt(1 * ms) * self.xi  # here


def unused_noise() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)
        xi: Noise = noise()  # here

        def flow(self, d: Self) -> None:
            d.v = -self.v / self.tau


def noise_without_annotation() -> None:
    class Wrong(Neuron):  # here
        v: State = state(mV)
        xi = noise()

        def flow(self, d: Self) -> None:
            d.v = 0


def noise_with_a_unit() -> None:
    class Wrong(Neuron):
        v: State = state(mV)
        xi: Noise = noise(mV)  # here

        def flow(self, d: Self) -> None:
            d.v = 0


def noise_as_a_state() -> None:
    class Wrong(Neuron):
        v: State = noise()  # here

        def flow(self, d: Self) -> None:
            d.v = 0


def rate_of_noise() -> None:
    class Wrong(Neuron):
        v: State = state(mV)
        xi: Noise = noise()

        def flow(self, d: Self) -> None:
            d.v = mV / sqrt(ms) * self.xi
            d.xi = 0  # here


def noise_in_a_surrogate() -> None:
    class Wrong(Surrogate):
        xi: Noise = noise()  # here

        def soft(self, u: Any) -> Any:
            return u


def potential_as_a_rate() -> None:
    class Wrong(Neuron):
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = 0

        def fires(self) -> Condition:
            return escapes(self.v)  # here


def rate_as_a_probability() -> None:
    class Wrong(Neuron):
        rho: Param = 10 * Hz
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = 0

        def fires(self) -> Condition:
            return chance(self.rho)  # here


def impossible_probability() -> None:
    class Wrong(Neuron):
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = 0

        def fires(self) -> Condition:
            return chance(1.5)  # here


def chance_in_a_rate() -> None:
    class Wrong(Neuron):
        tau: Param = 20 * ms
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = where(chance(0.2), -self.v / self.tau, 0)  # here


def escape_in_a_reset() -> None:
    class Wrong(Neuron):
        v: State = state(mV)

        def flow(self, d: Self) -> None:
            d.v = 0

        def fires(self) -> Condition:
            return self.v > 0

        def reset(self, after: Self) -> None:
            after.v = where(escapes(1 * Hz), 1 * mV, 0 * mV)  # here


def chance_at_arrival() -> None:
    class Wrong(Synapse):
        tau: Param = 5 * ms
        g: State = state(nS)
        w: Input = impulse(nS)

        def flow(self, d: Self) -> None:
            d.g = -self.g / self.tau

        def receive(self, after: Self) -> None:
            after.g = self.g + where(chance(0.3), self.w, 0 * nS)  # here

        def gives(self, post: Any) -> Any:
            return self.g * post.v


MISTAKES: list[tuple[Any, type, str | None, str]] = [
    (forgotten_root, UnitError, "-self.v / self.tau + self.sigma * self.xi", "root of time"),
    (noise_alone, UnitError, "self.sigma * self.xi", "root of time"),
    (squared_noise, ModelError, "mV * self.xi * self.xi", "linear in white noise"),
    (noise_in_a_function, ModelError, "exp(self.xi * sqrt(self.tau))", "linear in white noise"),
    (divided_by_noise, ModelError, "self.v / self.xi", "linear in white noise"),
    (noise_in_a_condition, ModelError, "self.xi", "escapes(rate)"),
    (unused_noise, ModelError, "noise()", "no equation uses it"),
    (noise_without_annotation, ModelError, None, "xi: Noise"),
    (noise_with_a_unit, ModelError, "noise(mV)", "factor before it"),
    (noise_as_a_state, ModelError, "noise()", "declared otherwise"),
    (rate_of_noise, ModelError, None, "only states change"),
    (noise_in_a_surrogate, ModelError, "noise()", "neither states nor inputs"),
    (potential_as_a_rate, UnitError, "self.v", "divide by a time constant"),
    (rate_as_a_probability, UnitError, "self.rho", "escapes(rate)"),
    (impossible_probability, ModelError, "chance(1.5)", "from 0 to 1"),
    (chance_in_a_rate, ModelError, "chance(0.2)", "white noise"),
    (escape_in_a_reset, ModelError, "escapes(1 * Hz)", "only fires"),
    (chance_at_arrival, ModelError, "chance(0.3)", "summed"),
]


@pytest.mark.parametrize(
    ("build", "kind", "marked", "word"), MISTAKES, ids=[case[0].__name__ for case in MISTAKES]
)
def test_mistake_is_shown_where_it_was_made(
    mistake: Any, build: Any, kind: type, marked: str | None, word: str
) -> None:
    error, line = mistake(build)
    assert error.kind is kind
    assert word in error.text
    assert error.line == line
    if marked is not None:
        assert error.marked == marked


@pytest.mark.parametrize(
    ("text", "threshold", "word"),
    [
        ("dv/dt = -v/ms : 1", "rand() < 0.1", "chance(p)"),
        ("dv/dt = -v/ms : 1", "randn() < 0.1", "no function"),
        ("dv/dt = -v/ms : 1", "v > xi", "rates"),
        ("dv/dt = -v/ms : 1", "escapes(v)", "time constant"),
        ("dv/dt = -v/ms : 1", "escapes(v, 2)", "takes 1 argument"),
        ("dv/dt = -v/ms + xi**2 : 1", None, "linear"),
        ("dv/dt = -v/ms : 1\nxi : noise", None, "no equation uses it"),
        ("dv/dt = -v/ms : 1\nxi + 1 : noise", None, "no name of a noise"),
        ("dv/dt = -v/ms + xi/ms**.5 : 1\nxi : noise\nxi : noise", None, "given twice"),
    ],
)
def test_wrong_text(text: str, threshold: str | None, word: str) -> None:
    with pytest.raises(SpikeloomError) as caught:
        from_text(text, threshold=threshold)
    assert word in f"{caught.value} {caught.value.hint}"


def test_numbers_need_no_unit_to_be_random() -> None:
    assert str(chance(0.5) | ~escapes(one / ms)) == "chance(0.5) | ~escapes(1/ms)"
