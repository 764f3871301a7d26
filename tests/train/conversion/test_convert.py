"""Whole networks converted: equality where it must hold, and the accuracy lost on digits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from typer.testing import CliRunner

from spikeloom.cli import app
from spikeloom.data import load_digits
from spikeloom.equations.units import ms
from spikeloom.errors import CheckpointError, ParameterError, SpikeloomError
from spikeloom.nn.loss import CrossEntropy
from spikeloom.nn.readout import Direct
from spikeloom.train import (
    QCFS,
    ConversionReport,
    QCFSActivation,
    ThresholdBalance,
    WeightNorm,
    convert,
    evaluate,
    fit,
    load_twin,
    predict,
    quantised,
    run,
)
from spikeloom.train.conversion.stretches import stretches_of
from spikeloom.train.recipes import DIGITS, FullyConnected


@pytest.fixture(scope="module")
def data() -> Any:
    return load_digits()


def learn(net: nn.Module, data: Any, epochs: int) -> None:
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    loss = CrossEntropy(Direct())
    fit(net, data.train, loss=loss, optimizer=optimizer, epochs=epochs, show="quiet")


@pytest.fixture(scope="module")
def deep(data: Any) -> nn.Sequential:
    """Two hidden layers, 97 to 98 % right."""
    torch.manual_seed(0)
    net = nn.Sequential(
        *(nn.Flatten(), nn.Linear(64, 100), nn.BatchNorm1d(100), nn.ReLU(), nn.Dropout(0.1)),
        *(nn.Linear(100, 60), nn.ReLU(), nn.Linear(60, 10)),
    )
    learn(net, data, 15)
    return net


def conv_net() -> nn.Sequential:
    torch.manual_seed(1)
    net = nn.Sequential(
        nn.Unflatten(1, (1, 8)),
        nn.Sequential(nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU()),
        *(nn.AvgPool2d(2), nn.Conv2d(4, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(24, 10)),
    )
    for _ in range(3):
        net(torch.randn(32, 8, 8))  # running statistics away from 0 and 1
    return net.eval()


def test_folded_norms_change_nothing(deep: nn.Sequential) -> None:
    for net in (deep.eval(), conv_net()):
        x = torch.rand(50, 8, 8)
        folded, _ = stretches_of(net)
        assert not any(isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d) for m in folded.modules())
        assert float((folded(x) - net(x)).detach().abs().max()) < 1e-5


@pytest.mark.parametrize("method", [WeightNorm(), ThresholdBalance(), WeightNorm(100, 0.0)])
def test_digits_lose_no_more_than_half_a_point(deep: nn.Sequential, data: Any, method: Any) -> None:
    report = convert(deep, data.train, method=method, steps=256, test=data.test).report
    assert report.ann_accuracy > 0.96 and report.measured_on == "test data"
    # One sample is 0.28 points; where it was measured, learning.md 5.1 asks for 0.5 from T = 32.
    assert abs(report.lost(32)) <= 0.6 and abs(report.lost(16)) <= 1.2
    assert abs(report.loss_points) <= 0.3
    assert report.multiply_accumulates == 64 * 100 + 100 * 60 + 60 * 10
    assert list(report.accuracy) == [1, 2, 4, 8, 16, 32, 64, 128, 256]


def test_balanced_thresholds_and_normalised_weights_fire_alike(data: Any) -> None:
    net = conv_net().double()
    train = (torch.as_tensor(data.train.inputs).double(), torch.as_tensor(data.train.targets))
    made = [convert(net, train, method=m, steps=16) for m in (WeightNorm(), ThresholdBalance())]
    x = made[0].encode(train[0][:40])
    one, other = (c.net.trace(x)[2] for c in made)
    for name in ("neurons1", "neurons2"):
        # Rounding may move a spike that falls on the threshold; there is none among these.
        assert torch.equal(one[name], other[name]) and 0 < one[name].mean() < 1


def test_long_runs_end_at_the_scores_of_the_plain_network(data: Any) -> None:
    net, x = conv_net(), torch.as_tensor(data.test.inputs[:20])
    made = convert(net, data.train, method=WeightNorm(percentile=100), steps=512)
    with torch.no_grad():
        y, wanted = made.net(made.encode(x))[0], net(x)
    error = float((made.readout(y) - wanted).abs().max())
    assert error < 0.05 * float(wanted.abs().max())
    assert made.report.multiply_accumulates == 22**2 * 4 + 4 * 6 * 9 * 4 + 24 * 10
    short = made.readout.running(y)[15] - wanted
    assert error < 0.25 * float(short.abs().max())


def test_steps_in_the_activation_are_followed(deep: nn.Sequential, data: Any) -> None:
    stepped = quantised(deep, data.train, levels=8)
    learn(stepped, data, 6)
    report = convert(stepped, data.train, method=QCFS(levels=8), steps=32, test=data.test).report
    assert report.ann_accuracy > 0.96
    assert abs(report.lost(8)) <= 1.2 and abs(report.lost(32)) <= 0.6


def test_one_layer_of_steps_is_exact(data: Any) -> None:
    torch.manual_seed(2)
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 30), nn.ReLU(), nn.Linear(30, 10)).double()
    x = torch.as_tensor(data.train.inputs).double()
    both = (x, torch.as_tensor(data.train.targets))
    for levels in (4, 8):
        stepped = quantised(net, both, levels=levels)
        made = convert(stepped, both, method=QCFS(levels), steps=levels)
        y, _ = made.net(made.encode(x))
        assert torch.allclose(made.readout(y), stepped(x), atol=1e-10)
        assert made.report.loss_points == 0.0 and made.report.agreement == 1.0


def test_the_step_has_no_part_in_the_answer(deep: nn.Sequential, data: Any) -> None:
    x = torch.as_tensor(data.test.inputs[:50])
    found = [convert(deep, data.train, steps=8, dt=step) for step in (1 * ms, 0.25 * ms)]
    assert found[0].report.accuracy == found[1].report.accuracy
    a, b = (predict(c.net, x, readout=c.readout, encode=c.encode).labels for c in found)
    assert torch.equal(a, b)
    per_second = [c.report.to_record()["rate_hz"]["neurons1"] for c in found]
    assert per_second[1] == pytest.approx(4 * per_second[0])


def test_the_plain_network_stays_as_it_was(deep: nn.Sequential, data: Any) -> None:
    deep.train()
    before = {name: value.clone() for name, value in deep.state_dict().items()}
    convert(deep, data.train, steps=2)
    quantised(deep, data.train)
    assert deep.training
    assert all(torch.equal(value, before[name]) for name, value in deep.state_dict().items())


def test_the_report_agrees_with_evaluate(deep: nn.Sequential, data: Any) -> None:
    made = convert(deep, data.train, steps=16, test=data.test)
    found = evaluate(made.net, data.test, readout=made.readout, encode=made.encode, dt=made.dt)
    report = made.report
    assert report.accuracy[16] == found.accuracy
    assert report.synaptic_events == pytest.approx(found.work.synaptic_events)
    assert report.to_record()["rate_hz"] == pytest.approx(dict(found.rate_hz))
    assert json.loads(json.dumps(report.to_record()))["steps"] == 16
    assert "plain network" in str(report) and "points" in str(report)
    assert isinstance(report, ConversionReport) and str(report.steps) in repr(made)


def test_negative_samples_and_rectifiers_that_stand_twice() -> None:
    torch.manual_seed(0)
    relu = nn.ReLU()
    net = nn.Sequential(nn.Linear(5, 20), relu, nn.Linear(20, 20), relu, relu, nn.Linear(20, 3))
    x = torch.randn(300, 5)
    both = (x, net(x).argmax(1))
    report = convert(net, both, method=WeightNorm(100), steps=256).report
    assert len(report.levels) == 3 and report.loss_points < 2.0
    assert len([m for m in quantised(net, both).modules() if isinstance(m, QCFSActivation)]) == 3


def test_a_network_that_ends_with_a_rectifier_and_a_silent_layer() -> None:
    x = torch.eye(4)
    net = nn.Sequential(nn.Linear(4, 4, bias=False), nn.ReLU())
    with torch.no_grad():
        net[0].weight.copy_(torch.eye(4))
    assert convert(net, (x, torch.arange(4)), steps=4).report.accuracy[4] == 1.0
    with torch.no_grad():
        net[0].weight.copy_(-torch.eye(4))
    report = convert(net, (x, torch.arange(4)), steps=4).report
    assert report.levels == (1.0,) and report.rate["neurons1"] == 0.0


LINEAR = nn.Linear(4, 3)
BOTH = (torch.rand(9, 4), torch.arange(9) % 3)


class Hidden(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.relu(LINEAR(x))


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (nn.Sequential(LINEAR, nn.LayerNorm(3), nn.ReLU()), "BatchNorm"),
        (nn.Sequential(LINEAR, nn.GELU()), "take ReLU"),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.AdaptiveMaxPool2d(2)), "AvgPool"),
        (nn.Sequential(LINEAR, nn.ReLU(), nn.Softmax(1)), "leave it out"),
        (nn.Sequential(LINEAR, nn.ReLU(), nn.BatchNorm1d(3)), "right after"),
        (nn.Sequential(LINEAR, Hidden()), "module of the chain"),
        (Hidden(), "cannot be seen"),
        (nn.Sequential(LINEAR), "nn.ReLU"),
        (nn.Sequential(), "nn.ReLU"),
    ],
)
def test_what_cannot_be_converted_is_named(net: nn.Module, words: str) -> None:
    with pytest.raises(ParameterError) as caught:
        convert(net, BOTH)
    assert words in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    "given",
    [
        {"steps": 0},
        {"steps": 2.5},
        {"dt": 1},
        {"method": "weights"},
        {"method": WeightNorm},
        {"method": QCFS()},
        {"test": (torch.rand(3, 4), torch.rand(3, 2))},
        {"test": (torch.rand(0, 4), torch.arange(0))},
        {"test": (torch.full((3, 4), float("nan")), torch.arange(3))},
        {"test": (torch.rand(3, 4), torch.tensor([0, 1, 7]))},
        {"test": (torch.rand(3, 5), torch.tensor([0, 1, 2]))},
        {"data": (torch.rand(3, 4), torch.rand(3, 2))},
    ],
)
def test_bad_arguments(given: dict[str, Any]) -> None:
    net = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    with pytest.raises(SpikeloomError):
        convert(net, given.pop("data", BOTH), **given)


@pytest.mark.parametrize(
    "make",
    [
        lambda: WeightNorm(percentile=0),
        lambda: WeightNorm(percentile=100.1),
        lambda: ThresholdBalance(start=1.0),
        lambda: ThresholdBalance(start=float("nan")),
        lambda: QCFS(levels=0),
        lambda: QCFS(levels=True),
    ],
)
def test_bad_methods(make: Any) -> None:
    with pytest.raises(ParameterError):
        make()


@pytest.mark.parametrize("method", [WeightNorm(99.0, 0.0), ThresholdBalance(), QCFS(4)])
def test_a_method_is_what_it_prints(method: Any) -> None:
    assert eval(repr(method)) == method


def test_other_levels_than_in_training_are_refused() -> None:
    net = nn.Sequential(LINEAR, QCFSActivation(4), nn.Linear(3, 3))
    with pytest.raises(ParameterError, match="4 levels, not 8") as caught:
        convert(net, BOTH, method=QCFS(8))
    assert caught.value.hint == "QCFS(levels=4)"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, data: Any) -> tuple[Path, float]:
    folder = tmp_path_factory.mktemp("runs") / "digits"
    recipe = replace(DIGITS, model=FullyConnected((40,)), epochs=4)
    outcome = run(recipe, data, out=folder, show="quiet")
    return folder, outcome.best.twin.test.accuracy


def test_the_twin_of_a_run_comes_back(finished: tuple[Path, float], data: Any) -> None:
    twin = load_twin(finished[0])
    assert evaluate(twin, data.test, readout=Direct()).accuracy == finished[1]


@pytest.mark.parametrize("method", ["weights", "threshold", "qcfs"])
def test_the_command(finished: tuple[Path, float], method: str) -> None:
    folder = finished[0]
    words = ["convert", str(folder), "--method", method, "--steps", "32", "--json"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["measured_on"] == "test data" and found["samples"] == 359
    assert abs(found["loss_points"]) < 1.5
    rectified = found["rectified_accuracy" if method == "qcfs" else "ann_accuracy"]
    assert rectified == finished[1]


def test_a_run_without_its_twin(finished: tuple[Path, float], tmp_path: Path) -> None:
    for name in ("config.toml", "weights.safetensors", "metrics.json"):
        (tmp_path / name).write_bytes((finished[0] / name).read_bytes())
    with pytest.raises(CheckpointError, match="twin"):
        load_twin(tmp_path)
