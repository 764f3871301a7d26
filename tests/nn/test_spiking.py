"""The neuron layer: shapes, gradients, torch's own checks, and what it refuses."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from spikeloom.compile import Euler
from spikeloom.equations import Refractory, learn, normal
from spikeloom.equations.units import MOhm, ms, mV
from spikeloom.errors import (
    EngineError,
    NumericsError,
    ParameterError,
    ShapeError,
    UnitError,
)
from spikeloom.models import ALIF, LIF, ATan, CubaLIF, FastSigmoid, HodgkinHuxley, LeakyIntegrator
from spikeloom.nn.neurons import short
from spikeloom.nn.neurons.op import scan, scan_backward
from spikeloom.nn.neurons.spiking import Spiking


def drive(*shape: int, dtype: torch.dtype = torch.float32, grad: bool = False) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    x = 1.5 * torch.randn(*shape, generator=generator, dtype=torch.float64) + 0.6
    return x.to(dtype).requires_grad_(grad)


@given(st.integers(0, 9), st.integers(0, 3), st.lists(st.integers(0, 5), min_size=1, max_size=3))
@settings(max_examples=25, deadline=None)
def test_any_shape_keeps_its_shape(steps: int, batch: int, features: list[int]) -> None:
    layer = short.LIF(tau=10 * ms)
    x = drive(steps, batch, *features, grad=True)
    y, state = layer(x)
    assert y.shape == x.shape
    assert state["v"].shape == (batch, *features)
    (y.sum() + state["v"].sum()).backward()
    assert x.grad is not None
    assert x.grad.shape == x.shape


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_two_halves_are_the_whole_bit_for_bit(dtype: torch.dtype) -> None:
    layer, x = Spiking(CubaLIF(R=10 * MOhm)), drive(50, 2, 37, dtype=dtype)
    whole, end = layer(x)
    first, state = layer(x[:21])
    second, last = layer(x[21:], state)
    assert torch.equal(torch.cat([first, second]), whole)
    assert all(torch.equal(end[n], last[n]) for n in end)
    assert whole.sum() > 0


def test_two_layers_interleave_without_touching_each_other() -> None:
    a, b = short.LIF(tau=5 * ms, dt=0.5 * ms), Spiking(HodgkinHuxley(), dt=0.02 * ms)
    x, big = drive(20, 2, 3), 20 * drive(20, 1, 4, dtype=torch.float64)
    alone = a(x)[0], b(big)[0]
    state_a = state_b = None
    parts_a, parts_b = [], []
    for t in range(0, 20, 5):
        y, state_a = a(x[t : t + 5], state_a)
        parts_a.append(y)
        y, state_b = b(big[t : t + 5], state_b)
        parts_b.append(y)
    assert torch.equal(torch.cat(parts_a), alone[0])
    assert torch.equal(torch.cat(parts_b), alone[1])


def test_engines_agree() -> None:
    x = drive(30, 2, 5, dtype=torch.float64, grad=True)
    grads = []
    for engine in ("cpu", "reference"):
        layer = Spiking(ALIF(R=30 * MOhm, tau=learn(20 * ms)), engine=engine)
        y, state = layer(x)
        loss = (y * torch.cos(torch.arange(y.numel())).reshape(y.shape)).sum() + state["b"].sum()
        raw = layer.params["tau"].raw
        grads.append((y, *torch.autograd.grad(loss, (x, raw))))
    for ours, truth in zip(*grads, strict=True):
        torch.testing.assert_close(ours, truth, rtol=1e-10, atol=1e-12)
    assert grads[0][0].sum() > 0


MODELS: list[Any] = [LIF(), Refractory(LIF(), 2 * ms), CubaLIF(), LeakyIntegrator()]


@pytest.mark.parametrize("model", MODELS, ids=repr)
@pytest.mark.parametrize("grad", [False, True])
def test_opcheck(model: Any, grad: bool) -> None:
    """torch's own checks: schema, fake kernel, autograd registration, tracing."""
    layer = Spiking(model, dt=1 * ms)
    values = layer._values((5,))
    state = layer._state(None, drive(6, 2, 5), values).requires_grad_(grad)
    coefs = [values[f"coef:{n}"].clone().requires_grad_(grad) for n in layer.program.coefs]
    every = 4 if grad else 0
    name = layer.program.inputs[0]
    arguments = ([drive(6, 2, 5, grad=grad)], state, coefs, layer._text, name, "cpu", every)
    torch.library.opcheck(scan, arguments)


def test_opcheck_backward() -> None:
    layer = Spiking(LIF())
    values = layer._values((5,))
    coefs = [values[f"coef:{n}"] for n in layer.program.coefs]
    x, state = drive(6, 2, 5), layer._state(None, drive(6, 2, 5), values)
    _, _, kept = scan([x], state, coefs, layer._text, "I", "cpu", 4)
    want = [True] * len(coefs)
    torch.library.opcheck(
        scan_backward,
        (
            [x],
            kept,
            coefs,
            torch.ones_like(x),
            torch.ones_like(state),
            layer._text,
            "I",
            "cpu",
            4,
            True,
            want,
        ),
    )


def test_gradcheck_where_there_are_no_spikes() -> None:
    layer = Spiking(LeakyIntegrator(tau=learn(7 * ms)))
    x = drive(5, 2, 3, dtype=torch.float64, grad=True)
    v0 = torch.rand(2, 3, dtype=torch.float64, requires_grad=True)
    layer.double()
    raw = layer.params["tau"].raw

    def run(x: Tensor, v0: Tensor, raw: Tensor) -> Tensor:
        y, state = torch.func.functional_call(layer, {"params.tau.raw": raw}, (x, {"v": v0}))
        return y.sum(0) + 2 * state["v"]

    assert torch.autograd.gradcheck(run, (x, v0, raw.detach().clone().requires_grad_()))


def test_torch_compile() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(6, 5))
    layer = short.LIF(tau=10 * ms)

    def run(x: Tensor) -> Tensor:
        return layer(net(x))[0].mean(0)

    x = drive(12, 3, 6)
    compiled = torch.compile(run, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), run(x))
    grads = []
    for call in (compiled, run):
        net.zero_grad()
        call(x).sum().backward()
        grads.append(net[0].weight.grad.clone())
    torch.testing.assert_close(*grads)


def test_copies_and_state_dict() -> None:
    layer = Spiking(LIF(tau=learn(10 * ms), R=normal(100, 10) * MOhm), size=4, seed=3)
    x = 0.3 * drive(20, 2, 4)
    expected = layer(x)[0]
    assert torch.equal(copy.deepcopy(layer)(x)[0], expected)
    fresh = Spiking(LIF(tau=learn(3 * ms), R=normal(100, 10) * MOhm), size=4, seed=4)
    assert not torch.equal(fresh.params["R"](), layer.params["R"]())
    fresh.load_state_dict(layer.state_dict())
    assert torch.equal(fresh(x)[0], expected)


class Currents(torch.utils.data.Dataset[Tensor]):
    """Runs a layer inside a DataLoader worker."""

    def __init__(self) -> None:
        self.layer = short.LIF(tau=10 * ms)

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Tensor:
        return self.layer(drive(20, 1, 8) + 0.1 * index)[0]


@pytest.mark.parametrize("workers", [0, 2])
def test_data_loader_workers(workers: int) -> None:
    data = Currents()
    expected = torch.stack([data[i] for i in range(4)])
    loader = torch.utils.data.DataLoader(data, batch_size=4, num_workers=workers)
    assert torch.equal(next(iter(loader)), expected)


def test_learnt_parameters_stay_in_range_and_learn() -> None:
    layer = short.LIF(tau=learn(10 * ms, low=2 * ms, high=50 * ms))
    x = drive(40, 8, 16)
    optimizer = torch.optim.SGD(layer.parameters(), lr=1e3)
    before = float(layer.params["tau"]().detach())
    assert before == pytest.approx(10, rel=1e-5)
    for _ in range(5):
        optimizer.zero_grad()
        layer(x)[0].mean().backward()
        optimizer.step()
    after = float(layer.params["tau"]().detach())
    assert 2 <= after <= 50
    assert after != before


def test_per_neuron_values_follow_the_features() -> None:
    tau = torch.linspace(2, 40, 3).numpy()
    layer = short.LIF(tau=tau * ms)
    x = torch.full((30, 2, 4, 3), 1.3)
    y, _ = layer(x)
    for i, value in enumerate(tau):
        alone, _ = short.LIF(tau=float(value) * ms)(x[..., i])
        assert torch.equal(y[..., i], alone)
    with pytest.raises(ShapeError, match=r"shape \(3,\).*features \(5,\)"):
        layer(torch.zeros(2, 1, 5))


def test_second_input_by_name() -> None:
    layer = Spiking(LIF())
    with pytest.raises(ParameterError, match="'J' is no further input"):
        layer(drive(3, 1, 2), J=drive(3, 1, 2))


BAD: list[tuple[Any, type[Exception], str]] = [
    (lambda: short.LIF()(torch.zeros(4, 3)), ShapeError, "time, batch"),
    (lambda: short.LIF()(torch.zeros(4, 3, 2, dtype=torch.int64)), ShapeError, "floating"),
    (lambda: short.LIF()(torch.zeros(4, 3, 2).to(torch.float8_e5m2)), EngineError, "float8"),
    (lambda: short.LIF()(drive(4, 3, 2), {"v": torch.zeros(2, 2)}), ShapeError, "'v' must be"),
    (lambda: short.LIF()(drive(4, 3, 2), {"w": torch.zeros(3, 2)}), ParameterError, "must hold"),
    (lambda: short.LIF(dt=1), UnitError, "dt must be a time"),
    (lambda: short.LIF(dt=1 * mV), UnitError, "dt must be a time"),
    (lambda: short.LIF(dt=-1 * ms), ParameterError, "positive"),
    (lambda: short.LIF(dt=float("nan") * ms), ParameterError, "positive|finite"),
    (lambda: Spiking(LIF(tau=1 * ms), dt=5 * ms, method=Euler()), NumericsError, "too large"),
    (lambda: Spiking(LIF(), engine="tpu"), ParameterError, "no engine"),
    (lambda: Spiking(LIF(R=normal(1, 0.1) * MOhm)), ParameterError, "size"),
    (lambda: Spiking(LIF(theta=-65 * mV)), ParameterError, "width"),
]


@pytest.mark.parametrize(("make", "error", "text"), BAD, ids=[t for _, _, t in BAD])
def test_refusals(make: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        make()


def test_width_sets_the_scale_of_the_surrogate() -> None:
    x = drive(10, 1, 4, grad=True)
    grads = []
    for width in (None, 1 * mV, 3 * mV):
        layer = short.LIF(tau=10 * ms, width=width, surrogate=FastSigmoid())
        grads.append(torch.autograd.grad(layer(x)[0].sum(), x)[0])
    assert torch.allclose(grads[0], grads[1])
    assert not torch.allclose(grads[0], grads[2])


def test_no_gradient_needs_no_memory() -> None:
    layer, x = short.LIF(), drive(10, 1, 4, grad=True)
    with torch.no_grad():
        y, _ = layer(x)
    assert not y.requires_grad
    assert torch.equal(y, layer(x)[0])


def test_repr_says_what_it_is() -> None:
    text = repr(Spiking(LIF(tau=10 * ms), ATan(), dt=0.5 * ms, through_reset=False))
    expected = "Spiking(LIF(tau=10 * ms), ATan(), dt=0.5 * ms, method=Exact(), through_reset=False)"
    assert text == expected
    assert "v <-" in short.LIF().explain()


def test_fake_tensors_take_the_registered_operation() -> None:
    from torch._subclasses.fake_tensor import FakeTensorMode

    layer = short.LIF(tau=10 * ms)
    with FakeTensorMode(allow_non_fake_inputs=True):
        y, state = layer(torch.empty(4, 2, 3))
    assert (y.shape, state["v"].shape) == ((4, 2, 3), (2, 3))


def test_nothing_that_was_worked_out_travels_with_a_copy() -> None:
    layer = short.LIF(tau=10 * ms)
    layer(drive(3, 1, 2))
    assert layer._memo is not None
    assert copy.deepcopy(layer)._memo is None
