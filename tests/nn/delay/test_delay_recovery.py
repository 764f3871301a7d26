"""Delays that are learnt: a student finds those of a teacher, and rounding them costs little."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from spikeloom import ms
from spikeloom.nn import Delay, NarrowDelays, SynapticDelay

INPUTS, LARGEST, STEPS = 10, 20, 500


def coincidences(layer: torch.nn.Module, x: Tensor) -> Tensor:
    """A unit that answers where several of its inputs arrive together."""
    u, _ = layer(x)
    return torch.sigmoid(3 * (u.sum(-1) - 2.5))


def synapses(learn: bool, seed: int) -> SynapticDelay:
    layer = SynapticDelay(
        INPUTS, 1, max_delay=LARGEST * ms, bias=False, learn=learn, seed=seed,
    )  # fmt: skip
    torch.nn.init.ones_(layer.weight)
    return layer


def taught(seed: int) -> tuple[SynapticDelay, torch.Generator]:
    generator = torch.Generator().manual_seed(seed)
    teacher = synapses(learn=False, seed=0).eval()
    whole = torch.randint(0, LARGEST + 1, (1, INPUTS), generator=generator)
    teacher.delay.raw.copy_(whole / LARGEST)
    return teacher, generator


def draw(generator: torch.Generator) -> Tensor:
    return (torch.rand(60, 8, INPUTS, generator=generator) < 0.15).float()


def train(student: SynapticDelay, teacher: SynapticDelay, generator: torch.Generator) -> None:
    narrow = NarrowDelays(student, epochs=STEPS * 3 // 4)
    optimizer = torch.optim.Adam(student.parameters(), lr=0.02)
    for step in range(STEPS):
        x = draw(generator)
        loss = torch.nn.functional.mse_loss(coincidences(student, x), coincidences(teacher, x))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        narrow.after(step + 1)


def error(student: SynapticDelay, teacher: SynapticDelay, x: Tensor) -> float:
    with torch.no_grad():
        return float(
            torch.nn.functional.mse_loss(coincidences(student, x), coincidences(teacher, x))
        )


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3))])
def test_delays_of_a_teacher_are_recovered(seed: int) -> None:
    """learning.md 2.20 (b) and (c): at least 9 of 10 delays, and a control with fixed delays."""
    teacher, generator = taught(seed)
    student, control = synapses(learn=True, seed=seed), synapses(learn=False, seed=seed)
    train(student, teacher, generator)
    train(control, teacher, generator)
    found = student.delay.whole() == teacher.delay.whole()
    assert int(found.sum()) >= 9
    x = draw(generator)
    unrounded, rounded = error(student, teacher, x), error(student.eval(), teacher, x)
    fixed = min(error(control, teacher, x), error(control.eval(), teacher, x))
    assert fixed >= 3 * max(unrounded, rounded)
    # Rounding changes few answers of the unit: at most 0.5 % of them.
    with torch.no_grad():
        sharp, soft = coincidences(student, x), coincidences(student.train(), x)
    assert float(((sharp > 0.5) != (soft > 0.5)).float().mean()) <= 0.005


def test_axonal_delays_follow_a_smooth_signal() -> None:
    """For a signal without steps the derivative by the delay is minus its slope: descent works."""
    t = torch.arange(80, dtype=torch.float32)
    x = torch.sin(2 * np.pi * (t[:, None, None] + torch.arange(3)) / 40)
    target = Delay(3, max_delay=15 * ms, start=[2, 9, 14] * ms)(x)[0].detach()
    student = Delay(3, max_delay=15 * ms, start=7 * ms)
    optimizer = torch.optim.Adam(student.parameters(), lr=0.02)
    for _ in range(150):
        optimizer.zero_grad()
        (student(x)[0] - target).square()[20:].mean().backward()
        optimizer.step()
    np.testing.assert_allclose(student.times.to(ms), [2, 9, 14], atol=0.2)
