"""Layers on the GPU engine: the same numbers as on the reference, and no waiting for the device."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from spikeloom import learn, ms
from spikeloom.engines.gpu import training
from spikeloom.equations import Refractory
from spikeloom.errors import EngineError
from spikeloom.models import ALIF, LIF, CubaLIF, Izhikevich, LeakyIntegrator

torch = pytest.importorskip("torch")
pytest.importorskip("triton")

from spikeloom.nn import Recurrent, Spiking  # noqa: E402
from spikeloom.nn.neurons.on_device import engine_of  # noqa: E402

NEURONS: dict[str, tuple[Any, float, Any]] = {
    "lif": (LIF(tau=learn(10 * ms)), 0.6, ms),
    "cuba_lif": (CubaLIF(tau=learn(10 * ms)), 0.6, ms),
    "alif": (ALIF(), 0.6, ms),
    "izhikevich": (Izhikevich(), 60.0, 0.5 * ms),
    "refractory": (Refractory(LIF(tau=learn(10 * ms)), 2 * ms), 0.8, ms),
    "readout": (LeakyIntegrator(), 0.5, ms),
}


def run(engine: Any, neuron: Any, x: Any, dt: Any = ms, **given: Any) -> dict[str, Any]:
    """Outputs, states and every gradient of one training step."""
    layer = Spiking(neuron, dt=dt, engine=engine)
    x = x.clone().requires_grad_()
    y, state = layer(x, **given)
    weight = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view(y.shape)
    (y * weight).sum().add(sum(s.sin().sum() for s in state.values())).backward()
    found = {"y": y, "grad": x.grad} | state
    return found | {n: p.grad for n, p in layer.named_parameters()}


def currents(scale: float, steps: int = 8, dtype: Any = None) -> Any:
    rng = np.random.Generator(np.random.Philox(5))
    values = scale * (1 + 0.5 * rng.normal(size=(steps, 2, 3)))
    return torch.as_tensor(values, dtype=dtype or torch.float64)


@pytest.mark.parametrize("name", NEURONS)
def test_a_layer_is_the_same_on_both(name: str) -> None:
    neuron, scale, dt = NEURONS[name]
    got, true = (run(e, neuron, currents(scale), dt) for e in ("gpu", "reference"))
    assert got.keys() == true.keys() and true["y"].any()
    for key, wanted in true.items():
        torch.testing.assert_close(got[key], wanted, rtol=1e-9, atol=1e-10, msg=key)


def test_recordings_of_different_length() -> None:
    ends = {"lengths": torch.tensor([5, 2])}
    got, true = (run(e, LIF(), currents(0.6), **ends) for e in ("gpu", "reference"))
    assert not got["y"][2:, 1].any() and got["y"].any()
    for key, wanted in true.items():
        torch.testing.assert_close(got[key], wanted, rtol=1e-9, atol=1e-10, msg=key)


@pytest.mark.parametrize("half", ["bfloat16", "float16"])
def test_sixteen_bits(half: str) -> None:
    x = currents(0.6, dtype=getattr(torch, half))
    got, full = run("gpu", LIF(), x), run("gpu", LIF(), x.float())
    assert got["y"].dtype == x.dtype and got["v"].dtype == torch.float32
    assert torch.equal(got["y"].float(), full["y"]) and torch.equal(got["v"], full["v"])
    y, _ = Spiking(LeakyIntegrator(), engine="gpu")(x)
    assert y.dtype == torch.float32  # a potential needs its digits


@pytest.mark.parametrize("shape", [(0, 2, 3), (1, 1, 1), (3, 0, 2), (2, 1, 0)])
def test_small_sizes(shape: tuple[int, ...]) -> None:
    got, true = (
        run(e, LIF(tau=learn(9 * ms)), torch.ones(shape).double()) for e in ("gpu", "reference")
    )
    for key, wanted in true.items():
        torch.testing.assert_close(got[key], wanted, rtol=1e-9, atol=1e-10, msg=key)


def test_a_step_reads_nothing_back_from_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a device whose tensors hold no numbers, any .item(), .cpu() or .numpy() is an error.

    Kernels are not started; who would start, with tensors of which device, is written down.
    """
    started: list[tuple[str, set[str]]] = []

    def note(machine: Any, kernel: Any, grid: Any, args: Any, *rest: Any, **options: Any) -> None:
        kinds = {a.device.type for a in args if isinstance(a, torch.Tensor)}
        started.append((kernel.fn.__name__, kinds))

    monkeypatch.setattr(training, "launch", note)
    monkeypatch.setattr("spikeloom.nn.neurons.spiking.check_inputs", lambda *a, **k: None)
    for neuron in (LIF(tau=learn(10 * ms)), ALIF(), Izhikevich()):
        layer = Spiking(neuron, engine="gpu").to("meta")
        x = torch.empty(40, 2, 65, device="meta", dtype=torch.bfloat16, requires_grad=True)
        y, state = layer(x)
        y, state = layer(x, state)
        (y.float().mean() + state["v"].mean()).backward()
        assert y.device.type == "meta" and y.dtype == torch.bfloat16
        for read in (y.sum().item, y.cpu, y.numpy):
            with pytest.raises((RuntimeError, NotImplementedError, TypeError)):
                read()  # this test would notice
        assert x.grad is not None and x.grad.device.type == "meta"
        assert [name for name, _ in started] == ["forward"] * 2 + ["backward"] * 2
        assert all(kinds == {"meta"} for _, kinds in started)
        started.clear()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_training_step_in_a_cuda_graph() -> None:
    """Recorded once and replayed with another input, it gives what a plain step gives."""
    layer = Spiking(LIF(tau=learn(10 * ms))).cuda()

    def step(x: Any) -> tuple[Any, ...]:
        y, state = layer(x)
        grads = torch.autograd.grad(y.mean() + state["v"].mean(), (x, *layer.parameters()))
        return y.detach(), *grads

    x = currents(0.6, 100, torch.float32).cuda().requires_grad_()
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        for _ in range(3):
            step(x)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        kept = step(x)
    with torch.no_grad():
        x.mul_(1.5)
    graph.replay()
    for got, wanted in zip(kept, step(x), strict=True):
        assert torch.equal(got, wanted)


def test_who_runs_what() -> None:
    cuda, cpu = torch.device("cuda"), torch.device("cpu")
    assert engine_of("a", "auto", cuda) == "gpu" and engine_of("a", "auto", cpu) == "cpu"
    for name in ("cpu", "reference"):
        with pytest.raises(EngineError, match="reads main memory"):
            engine_of("a", name, cuda)
    with pytest.raises(EngineError, match="no kernel for a GPU"):
        Recurrent(LIF(), features=3, engine="gpu")(torch.zeros(2, 1, 3))


def test_everything_lies_on_one_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spikeloom.nn.neurons.spiking.check_inputs", lambda *a, **k: None)
    x, layer = torch.empty(2, 1, 3, device="meta"), Spiking(LIF(), engine="gpu")
    with pytest.raises(EngineError, match="parameters are on cpu, the input is on meta"):
        layer(x)
    with pytest.raises(EngineError, match="state is on cpu"):
        layer.to("meta")(x, {"v": torch.zeros(1, 3)})


def test_the_registered_operation_takes_the_engine_too() -> None:
    """What torch.compile puts into a graph."""
    layer, x = Spiking(LIF(tau=learn(10 * ms)), engine="gpu"), currents(0.6)
    plain, _ = layer(x)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spikeloom.nn.neurons.spiking.traced", lambda tensors: True)
        given = x.clone().requires_grad_()
        y, _ = layer(given)
        y.sum().backward()
    assert torch.equal(y, plain) and given.grad is not None and given.grad.any()
    true = x.clone().requires_grad_()
    layer.zero_grad()
    layer(true)[0].sum().backward()
    assert torch.equal(given.grad, true.grad)


def test_errors_without_triton_and_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = Spiking(LIF(), engine="gpu")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "triton", None)
        with pytest.raises(EngineError, match="triton is not installed") as caught:
            layer(torch.zeros(2, 1, 3))
        assert "spikeloom[gpu]" in str(caught.value)
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    with pytest.raises(EngineError, match="tensors on a GPU") as caught:
        layer(torch.zeros(2, 1, 3))
    assert "x.cuda()" in str(caught.value)
