"""Layers with delays: state, shapes, bounds, rounding, networks around them, and bad input."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from spikeloom import Hz, ms, mV
from spikeloom.equations import uniform
from spikeloom.errors import ParameterError, ShapeError, UnitError
from spikeloom.nn import (
    LIF,
    Delay,
    Gaussian,
    Interpolated,
    LeakyIntegrator,
    NarrowDelays,
    Sequential,
    SynapticDelay,
    ann_twin,
    emits_spikes,
    scale_to_rate,
    spiking_work,
)
from spikeloom.nn.delay.anneal import narrowing
from spikeloom.nn.loss import CrossEntropy
from spikeloom.nn.readout import MembraneMean
from spikeloom.train import fit

MAKE = {
    "delay": lambda **o: Delay(3, max_delay=5 * ms, **o),
    "synaptic": lambda **o: SynapticDelay(3, 4, max_delay=5 * ms, **o),
}
SPREADS = [Interpolated(), Gaussian(sigma=1 * ms)]


def spikes(*shape: int, rate: float = 0.3) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    return (torch.rand(*shape, generator=generator) < rate).float()


@given(
    st.sampled_from(sorted(MAKE)),
    st.sampled_from(SPREADS),
    st.sampled_from(["always", "never"]),
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 3),
)
@settings(max_examples=40, deadline=None)
def test_two_pieces_are_the_whole(
    kind: str, spread: Any, rounding: str, first: int, second: int, batch: int
) -> None:
    layer = MAKE[kind](spread=spread, rounding=rounding)
    x = spikes(first + second, batch, 3)
    whole, end = layer(x)
    a, state = layer(x[:first])
    b, last = layer(x[first:], state)
    torch.testing.assert_close(torch.cat([a, b]), whole, rtol=0, atol=1e-6)
    assert torch.equal(end["past"], last["past"])
    if whole.requires_grad:
        whole.sum().backward()


@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.parametrize("spread", SPREADS)
def test_lengths_end_a_sample(kind: str, spread: Any) -> None:
    layer, x = MAKE[kind](spread=spread), spikes(9, 3, 3)
    lengths = torch.tensor([9, 0, 4])
    y, state = layer(x, None, lengths)
    assert not y[:, 1].any() and not y[4:, 2].any()
    alone, end = layer(x[:4, 2:])
    torch.testing.assert_close(y[:4, 2:], alone)
    assert torch.equal(state["past"][2:], end["past"])
    assert not state["past"][1].any()


@pytest.mark.parametrize("kind", MAKE)
def test_copies_and_saved_weights_do_the_same(kind: str) -> None:
    layer, x = MAKE[kind](seed=1), spikes(9, 2, 3)
    other = MAKE[kind](seed=2)
    assert not torch.equal(other(x)[0], layer(x)[0])
    other.load_state_dict(layer.state_dict())
    for twin in (other, copy.deepcopy(layer)):
        assert torch.equal(twin(x)[0], layer(x)[0])
    again = MAKE[kind](seed=1)
    assert np.array_equal(again.times.value, layer.times.value)


@pytest.mark.parametrize("kind", MAKE)
def test_constant_and_double_input(kind: str) -> None:
    layer, x = MAKE[kind](), spikes(1, 2, 3)
    torch.testing.assert_close(layer(x.expand(7, 2, 3))[0], layer(x.repeat(7, 1, 1))[0])
    y, state = layer.double()(x.double())
    assert y.dtype == state["past"].dtype == torch.float64


@pytest.mark.parametrize("kind", MAKE)
def test_it_survives_the_compiler(kind: str) -> None:
    layer, x = MAKE[kind](), spikes(9, 2, 3)
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x)[0], layer(x)[0])


def test_delays_of_channels_and_of_places() -> None:
    x = spikes(9, 2, 3, 2, 2)
    channels = Delay(3, max_delay=5 * ms, start=[0, 2, 5] * ms)
    y, _ = channels(x)
    assert torch.equal(y[:, :, 0], x[:, :, 0])
    assert torch.equal(y[2:, :, 1], x[:-2, :, 1]) and not y[:2, :, 1].any()
    assert torch.equal(y[5:, :, 2], x[:-5, :, 2])
    everything = Delay(1, max_delay=5 * ms, start=3 * ms)
    assert torch.equal(everything(x)[0][3:], x[:-3])
    last = Delay((2,), max_delay=5 * ms, start=[1, 4] * ms)
    assert torch.equal(last(x)[0][4:, ..., 1], x[:-4, ..., 1])
    bell = Delay(3, max_delay=5 * ms, start=[0, 2, 5] * ms, spread=Gaussian(sigma=0.05 * ms))
    torch.testing.assert_close(bell(x)[0], y)


@given(st.floats(-50, 50))
@settings(max_examples=50, deadline=None)
def test_a_delay_stays_within_its_bounds(raw: float) -> None:
    layer = Delay(1, max_delay=2.5 * ms, dt=1 * ms)
    layer.delay.raw.data.fill_(raw)
    steps = layer.delay.steps()
    assert 0 <= steps.item() <= 2.5 and 0 <= layer.delay.whole().item() <= 2
    steps.sum().backward()
    grad = layer.get_parameter("delay.raw").grad
    assert grad is not None and abs(grad.item()) == 2.5


def test_units_and_steps_agree_for_any_dt() -> None:
    for dt in (0.1 * ms, 0.3 * ms, 1 * ms, 5 * ms):
        layer = Delay(1, max_delay=15 * ms, dt=dt, start=15 * ms)
        assert layer.delay.limit == round(15 / float(dt.to(ms)))
        assert layer.times.to(ms)[0] == pytest.approx(15)


@pytest.mark.parametrize("kind", MAKE)
def test_rounding(kind: str) -> None:
    layer, x = MAKE[kind](spread=Interpolated()), spikes(20, 2, 3)
    train = layer(x)[0]
    evaluated = layer.eval()(x)[0]
    assert not torch.equal(train, evaluated)
    moved = copy.deepcopy(layer).train().round_()
    assert torch.equal(moved.delay.steps() % 1, torch.zeros(moved.delay.raw.shape).double())
    torch.testing.assert_close(moved(x)[0], evaluated, rtol=0, atol=1e-6)
    if kind == "delay":
        assert torch.equal(moved(x)[0], evaluated)  # spikes stay spikes to the last bit
    assert torch.equal(
        MAKE[kind](rounding="never").eval().delay.steps(), MAKE[kind]().delay.steps()
    )


@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_delay_that_is_no_number_is_not_hidden(kind: str, bad: float) -> None:
    layer, x = MAKE[kind](spread=Interpolated()), spikes(9, 5, 3) + 1
    layer.delay.raw.data.view(-1)[0] = bad
    for way in (layer, layer.eval()):
        lost = way(x)[0].isnan()
        assert lost[..., 0].all() and not lost[..., 1:].any()


def test_fixed_delays_are_no_parameters() -> None:
    assert [n for n, _ in MAKE["delay"](learn=False).named_parameters()] == []
    assert "delay.raw" in MAKE["delay"](learn=False).state_dict()


def test_narrowing_goes_from_the_first_to_the_last_width() -> None:
    net = Sequential(SynapticDelay(3, 4, max_delay=16 * ms, dt=2 * ms), Delay(4, max_delay=5 * ms))
    narrow = NarrowDelays(net, epochs=2)
    seen = [dict(narrow.widths())["synapticdelay1.delay"]]
    for epoch in (1, 2, 3):
        narrow.after(epoch)
        seen.append(dict(narrow.widths())["synapticdelay1.delay"])
    np.testing.assert_allclose(seen, [4, 2**0.5, 0.5, 0.5], rtol=1e-6)
    other = Sequential(
        SynapticDelay(3, 4, max_delay=16 * ms, dt=2 * ms), Delay(4, max_delay=5 * ms)
    )
    other.load_state_dict(net.state_dict())
    resumed = NarrowDelays(other, epochs=2)
    assert resumed.widths() == narrow.widths()
    resumed.after(1)
    assert resumed.widths()["synapticdelay1.delay"] == pytest.approx(2**0.5)


def test_a_recipe_narrows_its_delays_by_itself() -> None:
    """A job trains with a Gaussian and is judged with whole steps: one has to become the other."""
    (narrow,) = narrowing(Sequential(SynapticDelay(3, 4, max_delay=8 * ms)), 8)
    assert narrow.epochs == 2 and narrow.last == 0.5
    assert narrowing(Sequential(Delay(3), nn.Linear(3, 2)), 8) == ()


def test_fit_narrows_delays_and_goes_on_where_it_was(tmp_path: Path) -> None:
    def run(net: Sequential, epochs: int, **options: Any) -> None:
        fit(
            net, (spikes(40, 6, 3), torch.arange(40) % 2),
            loss=CrossEntropy(MembraneMean()), optimizer=torch.optim.Adam(net.parameters(), 1e-2),
            epochs=epochs, encode=lambda x, draw: x.transpose(0, 1), validation=None,
            callbacks=narrowing(net, 16), show="quiet", **options,
        )  # fmt: skip

    nets = []
    for _ in range(2):
        torch.manual_seed(0)
        layers = SynapticDelay(3, 2, max_delay=4 * ms), LeakyIntegrator(tau=5 * ms)
        nets.append(Sequential(*layers))
    run(nets[0], 3)
    run(nets[1], 2, out=tmp_path)
    run(nets[1], 3, resume=tmp_path)
    for name, value in nets[0].state_dict().items():
        assert torch.equal(value, nets[1].state_dict()[name]), name
    assert float(nets[0].layers[0][1].delay.sigma) == pytest.approx(2 * 0.25**0.75)


def test_a_network_with_delays() -> None:
    torch.manual_seed(0)
    net = Sequential(
        SynapticDelay(6, 20, max_delay=5 * ms), LIF(tau=10 * ms),
        Delay(20, max_delay=5 * ms), nn.Linear(20, 5), LIF(tau=10 * ms),
    )  # fmt: skip
    x = spikes(40, 2, 6)
    y, state = net(x)
    assert len(state) == 4
    y.sum().backward()
    for name, value in net.named_parameters():
        assert value.grad is not None and bool(torch.isfinite(value.grad).all()), name
    before = net.layers[0][1].times
    reports = scale_to_rate(net, x, target=50 * Hz, dt=1 * ms)
    assert [r.weights for r in reports] == ["synapticdelay1", "linear1"]
    assert all(r.reached for r in reports)
    assert np.array_equal(net.layers[0][1].times.value, before.value)
    twin = ann_twin(net)
    assert [type(m).__name__ for m in twin] == ["Linear", "ReLU", "Linear"]
    net.eval()
    with torch.no_grad():
        _, _, outputs = net.trace(x)
    work = spiking_work(net, x, outputs)
    hidden = float(outputs["delay1"].sum()) / 2
    assert work.synaptic_events == pytest.approx(float(x.sum()) / 2 * 20 + hidden * 5)
    assert work.multiply_accumulates == 0 and work.neuron_updates == 40 * 25
    assert not emits_spikes(net.layers[0][1])


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"max_delay": 25}, UnitError, "n steps are n * dt"),
        ({"max_delay": 25 * mV}, UnitError, "must be a time"),
        ({"max_delay": 0.5 * ms}, ParameterError, "shorter than one step"),
        ({"max_delay": -1 * ms}, ParameterError, "positive"),
        ({"max_delay": [5, 6] * ms}, ParameterError, "one positive"),
        ({"dt": 1}, UnitError, "dt must be a time"),
        ({"start": 3}, UnitError, "start must be times"),
        ({"start": 30 * ms}, ParameterError, "not between 0 and max_delay"),
        ({"start": float("nan") * ms}, ParameterError, "not between"),
        ({"start": [1, 2] * ms}, ShapeError, "start has shape"),
        ({"start": uniform(5, 90) * ms}, ParameterError, "not between"),
        ({"spread": "gaussian"}, ParameterError, "spread must be"),
        ({"rounding": "evla"}, ParameterError, "eval"),
    ],
)
@pytest.mark.parametrize("kind", MAKE)
def test_bad_values(kind: str, options: dict[str, Any], error: type, words: str) -> None:
    given = {"max_delay": 5 * ms, "dt": 1 * ms, **options}
    size = (3,) if kind == "delay" else (3, 4)
    with pytest.raises(error, match=words.replace("*", r"\*")):
        (Delay if kind == "delay" else SynapticDelay)(*size, **given)


def test_bad_sizes_and_inputs() -> None:
    for size in (-1, 1.5, "3", (2, -1), [3]):
        with pytest.raises(ParameterError, match="size must be"):
            Delay(size)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="out_features"):
        SynapticDelay(3, 0)
    with pytest.raises(UnitError, match="sigma must be a time"):
        Gaussian(sigma=3)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="above 0"):
        Gaussian(sigma=0 * ms)
    for make in MAKE.values():
        layer = make()
        with pytest.raises(ShapeError, match="time comes first"):
            layer(torch.zeros(5, 3))
        with pytest.raises(ParameterError, match="torch tensor"):
            layer(np.zeros((5, 1, 3)))
        with pytest.raises(ShapeError, match="floating point"):
            layer(torch.zeros(5, 1, 3, dtype=torch.int64))
        with pytest.raises(ShapeError, match=r"features|must be \(time"):
            layer(torch.zeros(5, 1, 7))
        _, state = layer(torch.zeros(5, 2, 3))
        with pytest.raises(ShapeError, match="belongs to one batch"):
            layer(torch.zeros(5, 1, 3), state)
        with pytest.raises(ParameterError, match="the state must hold"):
            layer(torch.zeros(5, 2, 3), {"v": torch.zeros(2, 3)})
    with pytest.raises(ShapeError, match="precision"):
        MAKE["synaptic"]()(torch.zeros(5, 2, 3, dtype=torch.float64))
    with pytest.raises(ParameterError, match="no delays with a Gaussian"):
        NarrowDelays(Sequential(Delay(3)), epochs=2)
    with pytest.raises(ParameterError, match="epochs"):
        NarrowDelays(SynapticDelay(3, 3), epochs=0)


def test_reprs_say_what_was_asked_for() -> None:
    assert repr(Delay(3, max_delay=5 * ms)) == (
        "Delay(3, max_delay=5 * ms, dt=1 * ms, spread=Interpolated())"
    )
    layer = SynapticDelay(3, 4, bias=False, learn=False, rounding="always")
    assert "learn=False" in repr(layer) and "bias=False" in repr(layer)
    assert "rounding='always'" in repr(layer)
