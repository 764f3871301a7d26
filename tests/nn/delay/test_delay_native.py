"""Synapses with delays in native code: against the convolution, and against themselves."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from spikeloom import ms
from spikeloom.engines.cpu import pool
from spikeloom.errors import EngineError
from spikeloom.nn import Interpolated, SynapticDelay
from spikeloom.nn.delay import native, synaptic


def everything(
    layer: SynapticDelay, x: Tensor, state: dict[str, Tensor] | None
) -> tuple[Tensor, ...]:
    """Outputs, then gradients of the input, of the past, of weights, bias and delays."""
    x = x.clone().requires_grad_()
    before = state and {"past": state["past"].clone().requires_grad_()}
    y, _ = layer(x, before)
    weights = torch.sin(torch.arange(y.numel(), dtype=y.dtype)).reshape(y.shape)
    wanted = [x, *(before or {}).values(), *layer.parameters()]
    grads = torch.autograd.grad((y * weights).sum(), wanted, allow_unused=True)
    return (y, *(torch.zeros(()) if g is None else g for g in grads))


@given(
    st.sampled_from([1, 7, 8, 9, 33]),
    st.sampled_from([2, 8, 15, 17, 40]),
    st.sampled_from([torch.float32, torch.float64]),
    st.sampled_from(["always", "never"]),
    st.sampled_from([1.0, 5.0, 6.5]),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_native_is_the_convolution(
    steps: int, batch: int, dtype: torch.dtype, rounding: str, largest: float, going_on: bool
) -> None:
    layer = SynapticDelay(
        5, 3, max_delay=largest * ms, spread=Interpolated(), rounding=rounding  # type: ignore[arg-type]
    ).to(dtype)  # fmt: skip
    generator = torch.Generator().manual_seed(steps)
    x = torch.randn(steps, batch, 5, generator=generator, dtype=dtype)
    past = torch.randn(batch, layer.delay.depth, 5, generator=generator, dtype=dtype)
    state = {"past": past} if going_on else None
    got = everything(layer, x, state)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synaptic, "fits", lambda *_: False)
        want = everything(layer, x, state)
    tight = 1e-10 if dtype == torch.float64 else 1e-4
    for a, b in zip(got, want, strict=True):
        torch.testing.assert_close(a, b, rtol=tight, atol=tight)


@given(
    st.sampled_from([0, 1, 9, 33]),
    st.sampled_from([0, 1, 4]),
    st.sampled_from([torch.float32, torch.float64]),
    st.sampled_from(["always", "never"]),
    st.sampled_from([0.0, 0.1, 1.0]),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_spike_by_spike_is_the_convolution(
    steps: int, batch: int, dtype: torch.dtype, rounding: str, rate: float, going_on: bool
) -> None:
    layer = SynapticDelay(
        5, 19, max_delay=6 * ms, spread=Interpolated(), rounding=rounding  # type: ignore[arg-type]
    ).to(dtype)  # fmt: skip
    generator = torch.Generator().manual_seed(steps)
    x = (torch.rand(steps, batch, 5, generator=generator) < rate).to(dtype)
    past = torch.randn(batch, 6, 5, generator=generator, dtype=dtype)
    state = {"past": past} if going_on else None
    with torch.no_grad():
        got, _ = layer(x, state)
        a, between = layer(x[: steps // 2], state)
        b, _ = layer(x[steps // 2 :], between)
    want = layer(x, state)[0].detach()  # with gradients: another way
    tight = 1e-10 if dtype == torch.float64 else 1e-5
    torch.testing.assert_close(got, want, rtol=tight, atol=tight)
    assert torch.equal(torch.cat([a, b]), got)


def test_the_work_is_that_of_the_spikes(monkeypatch: pytest.MonkeyPatch) -> None:
    layer, x = block(batch=1)
    work = []
    run = pool.run
    monkeypatch.setattr(pool, "run", lambda *a, **o: (work.append(o["work"]), run(*a, **o))[1])
    with torch.no_grad():
        layer(torch.zeros_like(x))
        for count in (3, 6):
            some = torch.zeros_like(x)
            some.view(-1)[:count] = 1
            layer(some)
    assert work[0] == 0 and work[2] == 2 * work[1] > 0


def block(steps: int = 40, batch: int = 20) -> tuple[SynapticDelay, Tensor]:
    layer = SynapticDelay(9, 6, max_delay=7 * ms, spread=Interpolated())
    return layer, torch.rand(steps, batch, 9, generator=torch.Generator().manual_seed(1))


def test_pieces_and_samples_do_not_change_a_bit() -> None:
    layer, x = block()
    whole, _ = layer(x)
    first, state = layer(x[:13])
    assert torch.equal(torch.cat([first, layer(x[13:], state)[0]]), whole)
    assert torch.equal(layer(x[:, 3:6])[0], whole[:, 3:6])


def test_threads_do_not_change_a_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    layer, x = block()
    monkeypatch.setattr(pool, "WORK_PER_THREAD", 1)
    answers = []
    for threads in (1, 3):
        monkeypatch.setattr(native, "_threads", lambda threads=threads: threads)
        answers.append(everything(layer, x, None))
        with torch.no_grad():
            answers[-1] += (layer(x[:, :1])[0],)
    for a, b in zip(*answers, strict=True):
        assert torch.equal(a, b)


def test_a_planted_fault_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    layer, x = block()
    right = layer(x)[0]
    split = layer.delay.pair
    monkeypatch.setattr(
        layer.delay, "pair", lambda dtype: ((split(dtype)[0] + 1).clamp(max=6), split(dtype)[1])
    )
    assert not torch.allclose(layer(x)[0], right)


def test_nan_and_infinity_stay_where_they_are() -> None:
    layer, x = block()
    layer = layer.eval()
    clean = layer(x)[0]
    x[10, 4, 2] = float("nan")
    dirty = layer(x)[0]
    bad = dirty.isnan()
    assert bad[:, 4].any() and not bad[:, :4].any() and not bad[:10].any()
    assert torch.equal(dirty[~bad], clean[~bad])


def test_there_is_no_second_derivative() -> None:
    layer, x = block()
    (grad,) = torch.autograd.grad(layer(x.requires_grad_())[0].square().sum(), x, create_graph=True)
    with pytest.raises(EngineError, match="no second derivative"):
        grad.sum().backward()


def test_who_takes_the_call() -> None:
    layer, x = block()
    assert native.fits(x, layer.weight)
    assert not native.fits(x.half(), layer.weight)
    assert not native.fits(x[:, :1], layer.weight)
    with torch.no_grad():
        assert native.fits(x[:, :1], layer.weight)
    assert not native.fits(x.double(), layer.weight)
    with torch.autocast("cpu", torch.bfloat16):
        assert not native.fits(x, layer.weight)
        assert layer(x)[0].isfinite().all()
