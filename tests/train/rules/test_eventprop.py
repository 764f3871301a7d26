"""EventProp against central differences of what the network gives on exact spike times."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from spikeloom import Hz, ms, mV
from spikeloom.equations import learn
from spikeloom.errors import CompileError, NumericsError, ParameterError
from spikeloom.models import ALIF, LIF, CubaLIF, Izhikevich, LeakyIntegrator
from spikeloom.nn import Delay, Sequential, Spiking
from spikeloom.nn.encode import Frames, Latency, SpikeTime
from spikeloom.nn.loss import CrossEntropy, EarlySpike, RateBand
from spikeloom.nn.readout import FirstSpike, MembraneLast, MembraneMax, MembraneMean, Rate
from spikeloom.train import EventProp, fit
from spikeloom.train.loop.step import Objective

RULE = EventProp(slope=0.0)
CODE = SpikeTime(steps=60, first=2, last=30)


def objective(net: nn.Module, loss: Any = EarlySpike(5.0, 0.1), encode: Any = CODE) -> Objective:
    return Objective(net.double(), loss, encode)


def two_layers(
    seed: int, neuron: Any = CubaLIF, size: tuple[int, int, int] = (6, 5, 3)
) -> Sequential:
    torch.manual_seed(seed)
    first, last = nn.Linear(*size[:2], bias=False), nn.Linear(*size[1:], bias=False)
    with torch.no_grad():
        first.weight.normal_(0.35, 0.15)
        last.weight.normal_(0.25, 0.1)
    return Sequential(first, Spiking(neuron()), last, Spiking(neuron()))


def samples(seed: int, batch: int, width: int) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.random((batch, width))), torch.from_numpy(rng.integers(0, 3, batch))


def differences(
    goal: Objective, x: Tensor, y: Tensor, rule: EventProp, step: float = 1e-6
) -> dict[str, Tensor]:
    """Central differences of the loss by every parameter, with the same spikes throughout."""
    counts = [s.count for s in rule.spikes(goal, x)]
    made: dict[str, Tensor] = {}
    for name, p in goal.net.named_parameters():
        found = torch.zeros_like(p)
        for place in np.ndindex(*p.shape):
            values = []
            for sign in (1, -1):
                with torch.no_grad():
                    p[place] += sign * step
                    spikes = rule.spikes(goal, x)
                    assert all(torch.equal(a, s.count) for a, s in zip(counts, spikes, strict=True))
                    values.append(float(goal.loss(rule.outputs(goal, x, 0), y)))
                    p[place] -= sign * step
            found[place] = (values[0] - values[1]) / (2 * step)
        made[name] = found
    return made


def worst(goal: Objective, x: Tensor, y: Tensor, rule: EventProp = RULE) -> dict[str, float]:
    """Largest error of each parameter's gradient, as a share of its largest entry."""
    goal.net.zero_grad()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rule.gradients(goal, x, y, 0)
    found = differences(goal, x, y, rule)
    errors = {}
    for name, p in goal.net.named_parameters():
        assert p.grad is not None
        size = float(found[name].abs().max())
        assert size > 1e-8, name
        errors[name] = float((p.grad - found[name]).abs().max()) / size
    return errors


def test_two_layers_agree_with_central_differences() -> None:
    goal, (x, y) = objective(two_layers(4)), samples(4, 1, 6)
    hidden, last = RULE.spikes(goal, x)
    assert int(hidden.count.sum()) >= 10 and int(last.count.sum()) == 3
    errors = worst(goal, x, y)
    assert max(errors.values()) <= 1e-6, errors


def test_the_reference_engine_trains_too() -> None:
    goal, (x, y) = objective(two_layers(4, size=(3, 2, 2))), samples(4, 1, 3)
    with torch.no_grad():
        for p in goal.net.parameters():
            p.fill_(0.6)
    grads = []
    for engine in ("cpu", "reference"):
        goal.net.zero_grad()
        EventProp(engine=engine).gradients(goal, x, y.clamp_max(1), 0)  # type: ignore[arg-type]
        grads.append(goal.net.layers[0][1].weight.grad.clone())  # type: ignore[union-attr, operator]
    assert torch.allclose(*grads, rtol=1e-9) and bool(grads[0].any())


def all_learn(kind: Callable[..., Any], **more: Any) -> Any:
    def make() -> Any:
        return kind(tau=learn(20 * ms), theta=learn(-50 * mV), R=learn(kind().values["R"]), **more)

    return make


@pytest.mark.parametrize(
    "neuron",
    [
        all_learn(CubaLIF, tau_syn=learn(5 * ms), E=learn(-65 * mV)),
        all_learn(CubaLIF, tau_syn=learn(20 * ms)),
    ],
)
def test_parameters_of_neurons_agree_with_central_differences(neuron: Any) -> None:
    goal, (x, y) = objective(two_layers(1, neuron)), samples(1, 2, 6)
    errors = worst(goal, x, y)
    assert max(errors.values()) <= 1e-5, errors


def test_parameters_of_each_neuron_and_delays_agree_with_central_differences() -> None:
    torch.manual_seed(3)
    each = CubaLIF(tau=learn([15.0, 20.0, 25.0, 30.0] * ms), theta=learn([-51, -50, -50, -52] * mV))
    first, last = nn.Linear(6, 4, bias=False), nn.Linear(4, 3, bias=False)
    with torch.no_grad():
        first.weight.normal_(0.35, 0.15)
        last.weight.normal_(0.3, 0.1)
    net = Sequential(
        Delay(6, max_delay=10 * ms), first, Spiking(each, size=4),
        Delay(4, max_delay=5 * ms), last, Spiking(CubaLIF()),
    )  # fmt: skip
    errors = worst(objective(net), *samples(3, 2, 6))
    assert len(errors) == 6
    assert max(errors.values()) <= 1e-5, errors


@pytest.mark.parametrize("neuron", [LIF, ALIF])
def test_currents_are_pulses_and_biases_learn(neuron: Any) -> None:
    torch.manual_seed(2)
    first, last = nn.Linear(6, 5), nn.Linear(5, 3)
    with torch.no_grad():
        first.weight.normal_(1.2, 0.5)
        last.weight.normal_(1.5, 0.5)
        first.bias.fill_(0.05)
        last.bias.fill_(0.05)
    net = Sequential(first, Spiking(neuron()), last, Spiking(neuron()))
    errors = worst(objective(net), *samples(2, 2, 6))
    assert max(errors.values()) <= 1e-5, errors


@pytest.mark.parametrize("readout", [MembraneMean(), MembraneMax(), MembraneLast()])
def test_membrane_of_an_output_that_does_not_fire(readout: Any) -> None:
    torch.manual_seed(5)
    net = Sequential(
        nn.Linear(6, 5, bias=False), Spiking(CubaLIF()),
        nn.Linear(5, 3), Spiking(LeakyIntegrator(tau=learn(20 * ms))),
    )  # fmt: skip
    with torch.no_grad():
        net.layers[0][1].weight.normal_(0.35, 0.15)
        net.layers[2][1].weight.normal_(0.0, 0.5)
    goal, (x, y) = objective(net, CrossEntropy(readout)), samples(5, 3, 6)
    errors = worst(goal, x, y)
    assert max(errors.values()) <= 1e-6, errors


def test_membrane_readouts_are_those_of_time_steps_in_the_limit() -> None:
    for readout in (MembraneMean(), MembraneMax(), MembraneLast()):
        gaps = []
        for dt in (0.5, 0.05):
            torch.manual_seed(6)
            net = Sequential(nn.Linear(4, 3), Spiking(LeakyIntegrator(), dt=dt * ms)).double()
            code = SpikeTime(steps=round(40 / dt), first=0, last=round(30 / dt))
            goal = objective(net, CrossEntropy(readout), code)
            x = torch.tensor([[0.1, 0.4, 0.8, 1.0]], dtype=torch.float64)
            exact, steps = RULE.outputs(goal, x, 0), goal.outputs(x, 0).detach()
            gaps.append(float((readout(exact) - readout(steps)).detach().abs().max()))
        assert gaps[1] <= 0.3 * gaps[0] + 1e-12, (readout, gaps)


@settings(deadline=None, max_examples=8)
@given(
    seed=st.integers(0, 2**16),
    hidden=st.integers(1, 3),
    batch=st.integers(1, 2),
    tau=st.sampled_from([5.0, 7.0, 20.0]),
)
def test_any_small_network_agrees_with_central_differences(
    seed: int, hidden: int, batch: int, tau: float
) -> None:
    net = two_layers(seed, lambda: CubaLIF(tau=tau * ms), (4, hidden, 2))
    goal, (x, _) = objective(net), samples(seed, batch, 4)
    y = torch.zeros(batch, dtype=torch.long)
    net.zero_grad()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        RULE.gradients(goal, x, y, 0)
    steep = max(
        (float(p.grad.abs().max()) for p in net.parameters() if p.grad is not None), default=0.0
    )
    if steep > 1e3:  # a graze: no step is small enough for differences
        return
    try:
        found = differences(goal, x, y, RULE, 1e-7)
    except AssertionError:  # a spike about to appear or to vanish
        return
    for name, p in net.named_parameters():
        if p.grad is not None:
            assert torch.allclose(p.grad, found[name], rtol=1e-4, atol=1e-5 * (1 + steep)), name


def test_spike_counts_are_those_of_time_steps_in_the_limit() -> None:
    dt = 0.02
    fine = (
        layer if isinstance(layer, nn.Linear) else Spiking(CubaLIF(), dt=dt * ms)
        for _, layer in two_layers(8).layers
    )
    net = Sequential(*fine).double()
    code = SpikeTime(steps=round(60 / dt), first=0, last=round(30 / dt))
    x, _ = samples(8, 3, 6)
    grid = (x * 30 / dt).round() * dt / 30
    hidden, last = RULE.spikes(objective(net, encode=code), grid)
    _, _, kept = net.trace(code(grid))
    assert torch.equal(hidden.count.double(), kept["spiking1"].sum(0))
    assert int(hidden.count.sum()) > 10
    fired = kept["spiking2"].sum(0) > 0
    assert torch.equal(last.count > 0, fired) and bool(fired.any())
    when = (kept["spiking2"].cumsum(0) == 0).sum(0) * dt
    gap = (when - last.times[..., 0]).detach()[fired]
    assert float(gap.abs().max()) < 5 * dt


def test_silence_is_late_and_has_no_gradient_and_bump_wakes_it() -> None:
    net = two_layers(9)
    with torch.no_grad():
        net.layers[0][1].weight[0] = -1.0
        net.layers[2][1].weight.zero_()
    goal, (x, y) = objective(net), samples(9, 4, 6)
    before = net.layers[0][1].weight.detach().clone()
    loss, out = EventProp(bump=1e-3).gradients(goal, x, y, 0)
    assert torch.isfinite(loss) and float(out.sum()) == 0.0
    assert float(FirstSpike()(out).max()) == -60.0
    assert not net.layers[0][1].weight.grad.any()  # type: ignore[union-attr]
    raised = net.layers[0][1].weight.detach() - before
    assert torch.allclose(raised[0], torch.full((6,), 1e-3, dtype=torch.float64))
    assert not raised[1:].any()


def test_a_graze_is_clipped_with_a_warning() -> None:
    top = 0.25 ** (1 / 3) - 0.25 ** (4 / 3)
    net = Sequential(nn.Linear(1, 2, bias=False), Spiking(CubaLIF()))
    goal = objective(net)
    with torch.no_grad():
        net.layers[0][1].weight.fill_(45 / (100 * top) * (1 + 1e-12))
    x, y = torch.tensor([[0.5]], dtype=torch.float64), torch.tensor([0])
    with pytest.warns(RuntimeWarning, match="barely touched"):
        EventProp(slope=1e-3).gradients(goal, x, y, 0)
    clipped = float(net.layers[0][1].weight.grad.abs().max())  # type: ignore[union-attr]
    net.zero_grad()
    EventProp(slope=0.0).gradients(goal, x, y, 0)
    assert clipped < 1e-2 * float(net.layers[0][1].weight.grad.abs().max())  # type: ignore[union-attr]


def test_frames_enter_at_their_steps() -> None:
    net = two_layers(10)
    goal = objective(net, encode=Frames())
    block = CODE(samples(10, 2, 6)[0]).transpose(0, 1)
    a = RULE.outputs(goal, block, 0)
    steps = objective(net, encode=CODE)
    grid = (samples(10, 2, 6)[0] * 28).round() / 28
    b = RULE.outputs(steps, grid, 0)
    assert torch.allclose(FirstSpike()(a), FirstSpike()(b), atol=1e-9)


def test_latency_keeps_its_exact_times() -> None:
    x = torch.tensor([[1.0, 0.26, 0.0]])
    assert Latency(steps=11).times(x).tolist()[0][:2] == pytest.approx([0.0, 7.4])
    assert torch.isinf(Latency(steps=11).times(x)[0, 2])


def test_fit_takes_the_rule_and_the_same_seed_gives_the_same_bits() -> None:
    def train() -> tuple[list[float], Tensor]:
        net = two_layers(11)
        rng = np.random.default_rng(0)
        x = rng.random((60, 6)).astype(np.float32)
        y = (x[:, 0] > x[:, 1]).astype(np.int64)
        made = fit(
            net, (x, y), loss=EarlySpike(2.0, 0.01), encode=CODE, epochs=3, batch_size=15,
            optimizer=torch.optim.Adam(net.parameters(), lr=5e-3), rule=EventProp(), show="quiet",
        )  # fmt: skip
        return [e.loss for e in made.epochs], net.layers[0][1].weight.detach().clone()

    (a, v), (b, w) = train(), train()
    assert a == b and torch.equal(v, w) and a[-1] < a[0]


def test_an_empty_batch_and_one_without_spikes_pass() -> None:
    goal = objective(two_layers(12))
    loss, y = RULE.gradients(goal, torch.zeros(0, 6), torch.zeros(0, dtype=torch.long), 0)
    assert y.shape == (60, 0, 3)
    silent = objective(two_layers(12), encode=Latency(steps=60))
    loss, y = RULE.gradients(silent, torch.zeros(2, 6), torch.zeros(2, dtype=torch.long), 0)
    assert torch.isfinite(loss) and not y.any()


def test_wrong_networks_losses_and_options_are_named() -> None:
    good, loss = two_layers(0), EarlySpike(1.0)
    linear, lif = nn.Linear(6, 3, bias=False), Spiking(CubaLIF())
    wrong: list[tuple[type[Exception], str, Callable[[], Any]]] = [
        (ParameterError, "Sequential", lambda: RULE.check(Objective(linear, loss))),
        (ParameterError, "relu1", lambda: RULE.check(
            objective(Sequential(linear, nn.ReLU(), lif)))),
        (ParameterError, "end with neurons", lambda: RULE.check(objective(Sequential(linear)))),
        (ParameterError, "bias", lambda: RULE.check(objective(Sequential(nn.Linear(6, 3), lif)))),
        (CompileError, "not linear", lambda: RULE.check(
            objective(Sequential(linear, Spiking(Izhikevich()))))),
        (ParameterError, "no exact gradient", lambda: RULE.check(
            objective(good, CrossEntropy(Rate())))),
        (ParameterError, "no exact gradient", lambda: RULE.check(
            objective(good, CrossEntropy(MembraneMax())))),
        (ParameterError, "regularisers", lambda: RULE.check(
            Objective(good, loss, CODE, (RateBand(0 * Hz, 100 * Hz, 1 * ms),)))),
        (ParameterError, "duration", lambda: EventProp(duration=5)),  # type: ignore[arg-type]
        (ParameterError, "slope", lambda: EventProp(slope=-1)),
        (ParameterError, "engine", lambda: EventProp(engine="gpu").check(objective(good))),  # type: ignore[arg-type]
        (NumericsError, "NaN", lambda: RULE.outputs(
            objective(good), torch.full((1, 6), float("nan")), 0)),
    ]  # fmt: skip
    for kind, words, call in wrong:
        with pytest.raises(kind, match=words):
            call()


def test_options_read_back() -> None:
    for rule in (
        EventProp(),
        EventProp(duration=60 * ms, slope=0.01, bump=1e-4, engine="reference"),
    ):
        assert eval(repr(rule)) == rule


@pytest.mark.slow
def test_yin_yang_is_learnt_in_thirty_epochs() -> None:
    from spikeloom.data import load_yin_yang

    torch.manual_seed(0)
    first, last = nn.Linear(5, 100, bias=False), nn.Linear(100, 3, bias=False)
    with torch.no_grad():
        first.weight.normal_(0.22, 0.12)
        last.weight.normal_(0.2, 0.02)
    net = Sequential(first, Spiking(CubaLIF()), last, Spiking(CubaLIF()))
    data = load_yin_yang()
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    loss, rule = EarlySpike(tau=1.0, late=1e-2, tau_late=6.4), EventProp(bump=1e-3, slope=0.02)
    code = SpikeTime(steps=81, first=10, last=40, bias=20)
    fit(
        net, data.train, loss=loss, encode=code, optimizer=optimizer, epochs=25, rule=rule,
        scheduler=torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 25), show="quiet",
        batch_size=50, clip=1.0,
    )  # fmt: skip
    goal = Objective(net, loss, code)
    y = rule.outputs(goal, torch.from_numpy(data.test.inputs), 0)
    assert (
        float((loss.readout(y).argmax(1) == torch.from_numpy(data.test.targets)).double().mean())
        >= 0.92
    )


def test_the_command_line_knows_the_rule() -> None:
    from spikeloom.train.recipes.vocabulary import rule_named

    assert rule_named("eventprop") == EventProp()
    assert rule_named("EventProp(slope=0.02, bump=0.001)") == EventProp(slope=0.02, bump=1e-3)
