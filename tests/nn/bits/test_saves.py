"""What waits for the backward pass waits in any form with the same gradient, bit for bit."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from spikeloom import ms
from spikeloom.errors import EngineError, ParameterError
from spikeloom.nn import LIF, LeakyIntegrator, Saves, Sequential, keeping
from spikeloom.nn.saving import saves
from spikeloom.nn.saving.kept import SMALLEST, Bits, Kept, Layout, Places, Waiting


def lif() -> nn.Module:
    return LIF(tau=2 * ms, dt=1 * ms)


def dense() -> tuple[Sequential, Tensor]:
    torch.manual_seed(0)
    net = Sequential(
        nn.Linear(40, 120), lif(), nn.Dropout(0.2), nn.Linear(120, 80), lif(), nn.Linear(80, 9),
        LeakyIntegrator(tau=2 * ms, dt=1 * ms),
    )  # fmt: skip
    return net, 3 * torch.rand(8, 9, 40)


def convolution(pool: nn.Module | None = None) -> tuple[Sequential, Tensor]:
    torch.manual_seed(0)
    net = Sequential(
        nn.Conv2d(1, 8, 3, padding=1), lif(), pool or nn.AvgPool2d(2),
        nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.MaxPool2d(2), lif(), nn.Flatten(),
        nn.Linear(8 * 9, 70), LeakyIntegrator(tau=2 * ms, dt=1 * ms),
    )  # fmt: skip
    return net, 3 * torch.rand(7, 9, 1, 12, 12)


def line(pool: type[nn.Module]) -> tuple[Sequential, Tensor]:
    torch.manual_seed(0)
    last = LeakyIntegrator(tau=2 * ms, dt=1 * ms)
    net = Sequential(nn.Conv1d(2, 8, 3, padding=1), lif(), pool(2), nn.Conv1d(8, 6, 3), last)
    return net, 3 * torch.rand(7, 9, 2, 40)


NETS = {
    "dense": dense,
    "convolution": convolution,
    "max pool of spikes": lambda: convolution(nn.MaxPool2d(2)),
    "average in 1-D": lambda: line(nn.AvgPool1d),
    "max in 1-D": lambda: line(nn.MaxPool1d),
}


@pytest.fixture
def strict() -> Iterator[None]:
    """Fresh memory is NaN: whoever reads numbers that nobody wrote is found out."""
    memory = torch.utils.deterministic
    before = torch.are_deterministic_algorithms_enabled(), memory.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True)
    memory.fill_uninitialized_memory = True
    yield
    torch.use_deterministic_algorithms(before[0])
    memory.fill_uninitialized_memory = before[1]


def gradients(net: Sequential, x: Tensor, how: Saves, seed: int = 1) -> list[Tensor]:
    net = copy.deepcopy(net)
    net.saves = how
    x = x.detach().clone().requires_grad_()
    torch.manual_seed(seed)
    y, _ = net(x)
    (y * torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape)).sum().backward()
    assert x.grad is not None
    return [y.detach(), x.grad, *(p.grad for p in net.parameters() if p.grad is not None)] + [
        b for b in net.buffers() if b.is_floating_point()
    ]


def same(left: list[Tensor], right: list[Tensor]) -> bool:
    return len(left) == len(right) and all(map(torch.equal, left, right))


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("kind", NETS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_gradient_is_the_same_to_the_bit(kind: str, dtype: torch.dtype) -> None:
    net, x = NETS[kind]()
    net, x = net.to(dtype), x.to(dtype)
    plain = gradients(net, x, Saves(bits=False))
    assert float(plain[0].abs().sum()) > 0
    assert same(gradients(net, x, Saves()), plain)
    assert same(gradients(net, x, Saves(recompute=net.names)), plain)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 1)])
def test_nothing_and_one_of_everything(shape: tuple[int, int]) -> None:
    net, _ = dense()
    x = torch.rand(*shape, 40)
    assert same(gradients(net, x, Saves(recompute=net.names)), gradients(net, x, Saves(bits=False)))


def test_an_input_that_does_not_change() -> None:
    net, x = convolution()
    found = []
    for how in (Saves(bits=False), Saves(recompute=net.names)):
        again = copy.deepcopy(net)
        again.saves = how
        y, _ = again(x[:1].expand(7, *x.shape[1:]))
        y.sum().backward()
        found.append([p.grad for p in again.parameters()])
    assert same(*found)


def test_spikes_wait_as_bits_and_pooling_keeps_no_input(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: list[tuple[str, int]] = []

    class Noting(saves.Keeper):
        def pack(self, tensor: Tensor) -> Waiting:
            waiting = super().pack(tensor)
            kinds.append((type(waiting).__name__, tensor.numel()))
            return waiting

    monkeypatch.setattr(saves, "Keeper", Noting)
    net, x = convolution()
    net.saves = Saves()
    net(x)
    spikes = 7 * 9 * 8 * 144
    assert {name for name, count in kinds if count == spikes} == {"Kept"}  # the first current
    assert ("Again", 7 * 9 * 8 * 36) in kinds  # averaged spikes, for the second convolution
    kinds.clear()
    flat, lines = line(nn.MaxPool1d)
    flat(torch.cat([lines, lines], dim=1))
    assert {"Bits", "Outline", "Places"} <= {name for name, _ in kinds}
    kinds.clear()
    net.saves = Saves(recompute=net.names)
    net(x)
    first, weights, places = 63 * 144, 72 * 70, 63 * 8 * 9
    kept = {count for name, count in kinds if name == "Kept" and count >= SMALLEST}
    assert kept == {first, weights, places}  # the input of the net, weights, a byte each


def test_weights_changed_before_the_backward_pass_are_noticed() -> None:
    for how in (Saves(), Saves(recompute=("linear1", "linear2", "linear3"))):
        net, x = dense()
        net.saves = how
        y, _ = net(x)
        with torch.no_grad():
            net.get_submodule("linear2").weight.mul_(2.0)
        with pytest.raises(EngineError, match="changed in place"):
            y.sum().backward()


@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("kind", ["dense", "convolution"])
def test_inside_torch_checkpoint(kind: str, reentrant: bool) -> None:
    net, x = NETS[kind]()
    plain = gradients(net, x, Saves(bits=False))
    net = copy.deepcopy(net)
    net.saves = Saves(recompute=net.names)
    x = x.clone().requires_grad_()
    torch.manual_seed(1)
    y = checkpoint(lambda x: net(x)[0], x, use_reentrant=reentrant)
    (y * torch.linspace(-1, 1, y.numel()).reshape(y.shape)).sum().backward()
    # Batch norm counts a checkpointed batch twice, with or without us: only gradients compare.
    grads = [x.grad, *(p.grad for p in net.parameters())]
    assert same([y.detach(), *grads], plain[: 1 + len(grads)])


def test_around_torch_checkpoint_and_within_each_other() -> None:
    class Checked(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: Tensor) -> Tensor:
            return checkpoint(self.inner, x, use_reentrant=False)

    net, x = dense()
    parts = dict(net.layers)
    inner = Sequential(*list(parts.values())[1:4])
    nested = Sequential(parts["linear1"], inner, *list(parts.values())[4:])
    checked = Sequential(*[Checked(p) if isinstance(p, nn.Linear) else p for p in parts.values()])
    plain = gradients(net, x, Saves(bits=False))
    assert same(gradients(nested, x, Saves(recompute=("linear1",))), plain)
    assert same(gradients(checked, x, Saves()), plain)


def test_somebody_elses_hooks_win_and_double_use_is_no_trouble() -> None:
    net, x = dense()
    plain = gradients(net, x, Saves(bits=False))
    with torch.autograd.graph.save_on_cpu():
        assert same(gradients(net, x, Saves()), plain)
    net.saves = Saves(recompute=net.names)
    torch.manual_seed(1)
    y, _, kept = net.trace(x)
    (y.sum() + kept["spiking1"].sum() + kept["linear1"].square().sum()).backward(retain_graph=True)
    first = [p.grad.clone() for p in net.parameters() if p.grad is not None]
    (y.sum() + kept["spiking1"].sum() + kept["linear1"].square().sum()).backward()
    second = [p.grad for p in net.parameters() if p.grad is not None]
    assert all(torch.equal(2 * a, b) for a, b in zip(first, second, strict=True))


def test_mixed_precision() -> None:
    layer = nn.Linear(100, 50)
    x = (torch.rand(60, 100) < 0.2).float()
    found = []
    for how in (Saves(bits=False), Saves()):
        layer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16), keeping(how):
            y = layer(x)
        y.float().square().sum().backward()
        found.append([layer.weight.grad, layer.bias.grad])
    assert same(*found)


def test_compiled() -> None:
    net, x = dense()
    compiled = torch.compile(net, backend="eager")
    torch.manual_seed(1)
    y, _ = compiled(x)
    torch.manual_seed(1)
    assert torch.equal(y, net(x)[0])


def test_layouts_and_small_things() -> None:
    last = (torch.rand(3, 8, 40, 40) < 0.1).float().to(memory_format=torch.channels_last)
    kept = Bits.of(last)
    assert kept is not None
    assert torch.equal(kept.get(), last) and kept.get().stride() == last.stride()
    assert Bits.of(last[:, ::2]) is None and Bits.of(last[:1, :1, :5]) is None
    assert Layout.of(torch.zeros(3, 1).expand(3, 4)) is None
    assert Bits.of(-0.0 * last) is not None  # 0 and minus 0: two numbers, but no zero among them
    large = torch.tensor([0, 1 << 20])
    assert torch.equal(Places.of(large, 1 << 21).get(), large)
    x = torch.ones(3)
    waits = Kept.of(x)
    x.add_(1)
    with pytest.raises(EngineError, match="changed in place"):
        waits.get()


@pytest.mark.parametrize(
    "bad", [{"segment": 0}, {"segment": 2.5}, {"segment": True}, {"recompute": "linear1"}]
)
def test_bad_choices(bad: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        Saves(**bad)  # type: ignore[arg-type]
