"""Blocks of time side by side: the same bits as step by step, or step by step after all."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from spikeloom import MOhm, ms, mV
from spikeloom.equations import learn
from spikeloom.errors import EngineError, ParameterError
from spikeloom.models import ALIF, LIF, AdEx, CubaLIF, EscapeLIF, LeakyIntegrator, PerfectIF
from spikeloom.nn import Spiking
from spikeloom.nn.neurons import chunks, kernel, pieces, short
from spikeloom.nn.neurons.pieces import block_steps, forgets

MODELS = {
    "lif": lambda: LIF(tau=5 * ms, R=1 * MOhm, E=0 * mV, theta=1 * mV),
    "learnt": lambda: LIF(tau=learn([5, 3, 8] * ms), R=1 * MOhm, E=0 * mV, theta=learn(1 * mV)),
    "cuba": lambda: CubaLIF(R=30 * MOhm),
    "alif": lambda: ALIF(R=30 * MOhm),
    "integrator": lambda: LeakyIntegrator(tau=4 * ms),
    "perfect": PerfectIF,
    "adex": AdEx,
}


def drive(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    x = 1.5 * torch.randn(*shape, generator=generator, dtype=torch.float64) + 0.6
    return x.to(dtype)


def everything(layer: Spiking, x: Tensor, state: dict[str, Tensor] | None) -> list[Tensor]:
    """Outputs, last states, and the gradients of inputs and first states; then of parameters."""
    x = x.clone().requires_grad_()
    before = state and {n: v.clone().requires_grad_() for n, v in state.items()}
    y, after = layer(x, before)
    weights = drive(*y.shape, dtype=y.dtype)
    loss = (y * weights).sum() + sum(v.square().sum() for v in after.values())
    wanted = [x, *(before or {}).values(), *layer.parameters()]
    grads = torch.autograd.grad(loss, wanted)
    return [y, *after.values(), *grads]


@given(
    st.sampled_from(sorted(MODELS)),
    st.integers(0, 200),
    st.integers(0, 2),
    st.sampled_from([torch.float32, torch.float64]),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=20, deadline=None)
def test_blocks_give_the_bits_of_single_steps(
    name: str, steps: int, batch: int, dtype: torch.dtype, going_on: bool, again: bool
) -> None:
    one = Spiking(MODELS[name](), parallel=False)
    side = Spiking(MODELS[name](), parallel=True, engine="reference" if again else "auto")
    x = drive(steps, batch, 3, dtype=dtype)
    state = one(drive(20, batch, 3, dtype=dtype))[1] if going_on else None
    state = state and {n: v.detach() for n, v in state.items()}
    if again:  # the reference engine in place of the native one, both times
        one = Spiking(MODELS[name](), parallel=False, engine="reference")
    want, got = everything(one, x, state), everything(side, x, state)
    exact = len(want) - len(list(one.parameters()))
    for a, b in zip(want[:exact], got[:exact], strict=True):
        assert torch.equal(a, b)
    for a, b in zip(want[exact:], got[exact:], strict=True):  # sums in another order
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


def passes(monkeypatch: pytest.MonkeyPatch, layer: Spiking, x: Tensor) -> tuple[int, int]:
    """Calls of the forward and of the backward kernel."""
    count = [0, 0]

    def counted(place: int, function: Any) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            count[place] += 1
            return function(*args, **options)

        return call

    monkeypatch.setattr(chunks.kernel, "forward", counted(0, kernel.forward))
    monkeypatch.setattr(chunks.kernel, "backward", counted(1, kernel.backward))
    x = x.clone().requires_grad_()
    layer(x)[0].sum().backward()
    return count[0], count[1]


def test_few_passes_are_enough_for_what_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    x = drive(32 * 256, 1, 1)
    assert block_steps(True, len(x), 1) == 128
    forward, backward = passes(monkeypatch, short.LIF(tau=5 * ms, parallel=True), x)
    assert 2 <= forward <= 4 and 2 <= backward <= 4


def test_what_does_not_forget_goes_step_by_step_after_all(monkeypatch: pytest.MonkeyPatch) -> None:
    x = drive(32 * 64, 1, 1)
    layer = Spiking(LeakyIntegrator(tau=1e6 * ms), parallel=True)
    forward, backward = passes(monkeypatch, layer, x)
    assert forward == backward == pieces.PATIENCE + 1
    monkeypatch.undo()
    assert torch.equal(layer(x)[0], Spiking(LeakyIntegrator(tau=1e6 * ms), parallel=False)(x)[0])


def test_a_wrong_guess_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted fault: without the comparison of bits the blocks are not one run."""
    x = drive(256, 2, 3)
    layer = short.LIF(tau=20 * ms, parallel=True)
    right = layer(x)[0]
    monkeypatch.setattr(chunks, "_same_bits", lambda a, b: True)
    assert not torch.equal(layer(x)[0], right)


def test_constant_input_noise_and_nan() -> None:
    one, side = short.LIF(tau=5 * ms, parallel=False), short.LIF(tau=5 * ms, parallel=True)
    constant = drive(1, 2, 3).expand(200, 2, 3)
    assert torch.equal(one(constant)[0], side(constant)[0])
    x = drive(200, 2, 3)
    x[70, 1, 2] = float("nan")
    a, b = one(x), side(x)
    assert torch.equal(a[0], b[0]) and torch.equal(a[1]["v"].isnan(), b[1]["v"].isnan())
    chance = [Spiking(EscapeLIF(), parallel=p) for p in (False, True)]
    answers = []
    for layer in chance:
        torch.manual_seed(1)
        answers.append(layer(drive(200, 2, 3))[0])
    assert torch.equal(*answers) and answers[0].any()


def test_samples_of_different_length() -> None:
    x, lengths = drive(200, 3, 4), torch.tensor([200, 7, 90])
    one, side = (short.LIF(tau=5 * ms, parallel=p)(x, lengths=lengths) for p in (False, True))
    assert torch.equal(one[0], side[0]) and torch.equal(one[1]["v"], side[1]["v"])
    assert not side[0][7:, 1].any()


def test_there_is_no_second_derivative() -> None:
    layer, x = short.LIF(parallel=True), drive(200, 2, 3).requires_grad_()
    (grad,) = torch.autograd.grad(layer(x)[0].sum(), x, create_graph=True)
    with pytest.raises(EngineError, match="no second derivative"):
        grad.sum().backward()


def test_size_and_device_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PAYS", {"cuda": 4096})
    assert block_steps("auto", 10**6, 1) == 0  # one step after another is faster on a CPU
    assert block_steps("auto", 10**5, 64, "cuda") >= pieces.LEAST
    assert block_steps("auto", 100, 64, "cuda") == 0
    assert block_steps("auto", 10**5, 10**6, "cuda") == 0
    assert block_steps(False, 10**5, 1, "cuda") == 0
    assert block_steps(True, 63, 1) == 0 and block_steps(True, 64, 1) == 32
    assert block_steps(True, 1000, 0) == 0


@pytest.mark.parametrize(
    ("layer", "steps", "answer"),
    [
        (Spiking(LIF(tau=10 * ms)), 200, True),
        (Spiking(LIF(tau=10 * ms)), 150, False),
        (Spiking(LIF(tau=10 * ms), dt=2 * ms), 100, True),
        (Spiking(CubaLIF()), 60, False),
        (Spiking(PerfectIF()), 10**6, False),
        (Spiking(AdEx()), 10**6, False),  # not linear between spikes
    ],
)
def test_memory_decides(layer: Spiking, steps: int, answer: bool) -> None:
    _, state = layer(torch.zeros(1, 1, 1))
    values, _ = layer._known((1,))
    assert layer._forgets(values, steps, torch.stack([*state.values()])) is answer
    numbers = {n.removeprefix("coef:"): v.detach().numpy() for n, v in values.items()}
    rest = {n: numbers[f"start:{n}"] for n in layer.states}
    assert forgets(layer.program, numbers, rest, steps, "float64") <= answer


def test_bad_options_and_repr() -> None:
    with pytest.raises(ParameterError, match="parallel must be"):
        short.LIF(parallel="yes")
    assert "parallel=True" in repr(short.LIF(parallel=True))
    assert "parallel" not in repr(short.LIF())
