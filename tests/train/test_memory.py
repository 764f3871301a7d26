"""The memory plan: what it counts, how it chooses, what it refuses, and how near it is."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from rich.console import Console
from torch import nn

from spikeloom import ms
from spikeloom.errors import ParameterError
from spikeloom.nn import LIF, LeakyIntegrator, Saves, Sequential
from spikeloom.nn.encode import ConstantCurrent
from spikeloom.nn.loss import CrossEntropy
from spikeloom.nn.readout import MembraneMean
from spikeloom.train import BPTT, fit, memory_plan
from spikeloom.train.loop.progress import Plain
from spikeloom.train.memory.machine import available
from spikeloom.train.memory.plan import MemoryPlan
from spikeloom.train.memory.table import show_plan

MB = 1_000_000


def lif() -> nn.Module:
    return LIF(tau=5 * ms, dt=1 * ms)


def convolution() -> Sequential:
    torch.manual_seed(0)
    return Sequential(
        nn.Conv2d(1, 16, 3, padding=1), lif(), nn.AvgPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), lif(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(32 * 49, 64), lif(), nn.Linear(64, 10), LeakyIntegrator(tau=5 * ms, dt=1 * ms),
    )  # fmt: skip


def deep(width: int = 600, layers: int = 3) -> Sequential:
    torch.manual_seed(0)
    parts: list[nn.Module] = []
    for before in (200, *[width] * (layers - 1)):
        parts += [nn.Linear(before, width), lif()]
    return Sequential(*parts, nn.Linear(width, 10), LeakyIntegrator(tau=5 * ms, dt=1 * ms))


def waits(plan: MemoryPlan) -> dict[str, tuple[int, str]]:
    return {row.name: (row.kept, row.form) for row in plan.rows}


def test_each_layer_is_counted_as_it_keeps() -> None:
    batch, steps = 4, 32
    found = waits(memory_plan(convolution(), (1, 28, 28), batch, steps, held=True))
    spikes = 16 * 784 * batch * steps
    assert found["conv2d1"] == (0, "there anyway")
    assert found["spiking1"] == (2 * 16 * 784 * batch * 4, "itself")  # one current, one state
    assert found["avgpool2d1"] == (spikes // 8, "bits")
    assert found["conv2d2"] == (0, "computed again")
    assert found["batchnorm2d1"] == (spikes // 2 * 4, "itself")
    assert found["maxpool2d1"] == (spikes // 8, "places")
    assert found["flatten1"] == (0, "")
    assert found["linear1"] == (spikes // 8 // 8, "bits")


def test_without_bits_spikes_are_floats() -> None:
    net = deep()
    few = memory_plan(net, (200,), 8, 32)
    net.saves = Saves(bits=False)
    many = memory_plan(net, (200,), 8, 32)
    assert waits(many)["linear2"][0] == 32 * waits(few)["linear2"][0]
    assert many.peak > few.peak


def test_currents_are_computed_again_before_time_is_cut() -> None:
    net = deep(layers=6)
    free = memory_plan(net, (200,), 64, 64)
    tight = memory_plan(net, (200,), 64, 64, budget=free.peak * 3 // 4)
    assert tight.saves.recompute and tight.saves.segment is None
    assert tight.peak <= free.peak * 3 // 4
    tightest = memory_plan(net, (200,), 64, 64, budget=free.weights + free.activations // 3)
    assert tightest.saves.segment is not None
    assert memory_plan(net, (200,), 64, 64, budget=free.peak).saves == Saves()
    assert tight == memory_plan(net, (200,), 64, 64, budget=free.peak * 3 // 4)


def test_more_than_can_be_is_refused_with_the_largest_batch() -> None:
    net = deep()
    budget = memory_plan(net, (200,), 20, 16).peak
    with pytest.raises(ParameterError) as refused:
        memory_plan(net, (200,), 5000, 16, budget=budget, segments=False)
    best = int(str(refused.value.hint).rsplit(" ", 1)[-1])
    assert best >= 20
    assert memory_plan(net, (200,), best, 16, budget=budget, segments=False).peak <= budget
    with pytest.raises(ParameterError):
        memory_plan(net, (200,), best + 1, 16, budget=budget, segments=False)
    with pytest.raises(ParameterError, match="MB") as refused:
        memory_plan(net, (200,), 5, 16, budget=1000)
    assert "not even one sample" in str(refused.value.hint)


def test_a_normalisation_over_time_is_never_cut() -> None:
    net = convolution()
    with pytest.raises(ParameterError, match="allowed"):
        memory_plan(net, (1, 28, 28), 32, 32, budget=5 * MB)


def test_looking_changes_nothing() -> None:
    net = convolution()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    chance = torch.get_rng_state()
    memory_plan(net, (1, 28, 28), 4, 8)
    assert torch.equal(torch.get_rng_state(), chance) and net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"batch": 0}, "batch"), ({"steps": 2.5}, "steps"), ({"budget": -1}, "budget"),
        ({"budget": "much"}, "budget"), ({"budget": True}, "budget"),
    ],
)  # fmt: skip
def test_bad_arguments(change: dict[str, object], what: str) -> None:
    given: dict[str, object] = {"batch": 2, "steps": 3, **change}
    with pytest.raises(ParameterError, match=what):
        memory_plan(deep(), (200,), **given)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="Sequential"):
        memory_plan(nn.Linear(2, 2), (2,), 1, 1)


def train(net: Sequential, memory: object, show: object = "quiet", rule: BPTT = BPTT()) -> None:
    x = torch.rand(40, 200, generator=torch.Generator().manual_seed(0))
    fit(
        net,
        (x, torch.arange(40) % 3),
        loss=CrossEntropy(MembraneMean()),
        optimizer=torch.optim.SGD(net.parameters(), lr=0.01),
        epochs=1,
        encode=ConstantCurrent(steps=64),
        batch_size=32,
        rule=rule,
        memory=memory,  # type: ignore[arg-type]
        show=show,  # type: ignore[arg-type]
    )


def weights(net: Sequential) -> list[torch.Tensor]:
    return [p.detach().clone() for p in net.parameters()]


def test_fit_follows_the_plan_and_puts_back_what_it_changed() -> None:
    found = []
    first = deep(width=300)
    sgd = torch.optim.SGD(first.parameters(), lr=0.01)
    plan = memory_plan(first, (200,), 32, 64, held=True, optimizer=sgd)
    first.saves = Saves(segment=8)
    tight = memory_plan(first, (200,), 32, 64, held=True, optimizer=sgd).peak
    assert tight < plan.peak
    for budget in (None, "auto", tight):
        net = deep(width=300)
        text = io.StringIO()
        train(net, budget, Plain(Console(file=text, width=200)))
        assert net.saves == Saves()
        found.append((weights(net), text.getvalue()))
    assert all(map(torch.equal, found[0][0], found[1][0]))
    for a, b in zip(found[0][0], found[2][0], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)
    assert "memory:" in found[2][1] and "linear2" in found[2][1]
    assert "memory:" not in found[0][1]
    with pytest.raises(ParameterError, match="allowed"):
        train(deep(width=300), MB)


def test_fit_with_a_budget_but_nothing_to_plan() -> None:
    net = nn.Linear(2, 2)
    with pytest.raises(ParameterError, match="needs a Sequential"):
        fit(
            net,
            (torch.rand(20, 2), torch.arange(20) % 2),
            loss=CrossEntropy(MembraneMean()),
            optimizer=torch.optim.SGD(net.parameters(), lr=0.1),
            epochs=1,
            memory=MB,
            show="quiet",
        )


def test_what_the_user_chose_stays() -> None:
    net = deep(width=50)
    net.saves = Saves(segment=4)
    train(net, "auto")
    assert net.saves == Saves(segment=4)


def test_the_table() -> None:
    text = io.StringIO()
    console = Console(file=text, width=120)
    show_plan(console, memory_plan(deep(width=20), (200,), 2, 4))
    assert text.getvalue() == ""
    show_plan(console, memory_plan(convolution(), (1, 28, 28), 64, 32, held=True))
    told = text.getvalue()
    assert "conv2d2" in told and "bits" in told and "at the peak for 64 samples" in told


def test_the_machine_tells() -> None:
    free = available()
    assert free is None or free > MB


MEASURE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import torch
from test_memory import convolution, deep
from spikeloom.bench.workers.loop import peak_mb
from spikeloom.nn import Saves
from spikeloom.train import memory_plan
torch.set_num_threads(1)

class Plain:
    defaults = {}

def step(net, x):
    net.zero_grad(set_to_none=False)
    net(x)[0].mean(0).square().sum().backward()

found = []
for build, shape, held, batch, steps in [
    (convolution, (1, 28, 28), True, 16, 32),
    (convolution, (1, 28, 28), False, 16, 12),
    (deep, (200,), False, 64, 100),
]:
    for saves in ("plain", "again", "segments"):
        net = build()
        if saves == "segments" and build is convolution:
            continue
        if saves != "plain":
            net.saves = Saves(recompute=net.names) if saves == "again" else Saves(segment=25)
        first = torch.rand(1, batch, *shape)
        x = first.expand(steps, *first.shape[1:]) if held else torch.rand(steps, batch, *shape)
        step(net, x)  # kernels that only large inputs need are compiled here
        _, peak = peak_mb(lambda: step(net, x))
        plan = memory_plan(net, shape, batch, steps, held=held, optimizer=Plain)
        found.append([build.__name__, saves, steps, peak * 2**20, plan.activations])
print(json.dumps(found))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read from /proc")
def test_predicted_and_measured_peaks_agree() -> None:
    """Each block of memory goes back to the system at once, so that what is resident is alive."""
    here = str(Path(__file__).parent)
    exact = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0"}
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, here],
        env={**os.environ, **exact, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    for name, saves, steps, peak, predicted in json.loads(run.stdout.splitlines()[-1]):
        assert predicted == pytest.approx(peak, rel=0.2), (name, saves, steps, run.stdout)
