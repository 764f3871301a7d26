"""What all rules share: refusals, updates within a sample, the same bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tests.train.rules.nets import Soft, grads_of, leaky, net_of, objective_of, samples
from torch import Tensor, nn

from spikeloom.equations import learn
from spikeloom.equations.units import Hz, MOhm, ms, mV
from spikeloom.errors import ParameterError
from spikeloom.models import LIF, DiffusionLIF
from spikeloom.nn import Sequential, Spiking
from spikeloom.nn.encode import Frames
from spikeloom.nn.loss import CrossEntropy, RateBand
from spikeloom.nn.readout import MembraneMean
from spikeloom.train import DECOLLE, OTTT, EProp, Rule, fit
from spikeloom.train.recipes.vocabulary import rule_named

RULES = [EProp(), OTTT(), DECOLLE()]


def spiking(**options: Any) -> Spiking:
    return Spiking(LIF(tau=20 * ms, R=20 * MOhm, E=0 * mV, theta=1 * mV, **options))


@pytest.mark.parametrize("rule", RULES, ids=lambda r: type(r).__name__)
@pytest.mark.parametrize(
    ("layers", "word"),
    [
        ([nn.Linear(6, 4), nn.BatchNorm1d(4), Spiking(Soft()), nn.Linear(4, 3), leaky()], "norm"),
        ([nn.Linear(6, 4), nn.ReLU(), Spiking(Soft()), nn.Linear(4, 3), leaky()], "relu"),
        ([nn.Linear(6, 4), nn.Linear(4, 4), Spiking(Soft()), nn.Linear(4, 3), leaky()], "linear2"),
        ([nn.Linear(6, 4), spiking(), nn.Linear(4, 3), leaky()], "theta"),
        ([nn.Flatten(), spiking()], "no weights"),
    ],
)
def test_what_a_rule_cannot_train_is_named(rule: Rule, layers: list[nn.Module], word: str) -> None:
    if word == "theta":
        layers[1] = Spiking(LIF(tau=20 * ms, R=20 * MOhm, E=0 * mV, theta=learn(1 * mV)))
    net = Sequential(*layers).double()
    x, targets = samples()
    with pytest.raises(ParameterError, match=word) as told:
        grads_of(rule, objective_of(net), x, targets)
    assert type(rule).__name__ in told.value.message


def test_refusals_come_before_training() -> None:
    net = Sequential(nn.Conv2d(1, 2, 3), Spiking(Soft()), nn.Flatten(), nn.Linear(8, 2), leaky())
    data = (torch.rand(8, 5, 1, 4, 4), torch.arange(8) % 2)
    with pytest.raises(ParameterError, match="Conv2d") as told:
        fit(
            net, data, loss=CrossEntropy(MembraneMean()), encode=Frames(), epochs=1, rule=EProp(),
            optimizer=torch.optim.SGD(net.parameters(), lr=0.1), validation=None, show="quiet",
        )  # fmt: skip
    assert "OTTT" in str(told.value.hint)


@pytest.mark.parametrize("rule", [OTTT(), DECOLLE(), EProp(loss="step")], ids=repr)
def test_regularisers_need_all_of_time(rule: Rule) -> None:
    objective = objective_of(
        net_of(Soft(), sizes=(6, 10, 3)), regularisers=(RateBand(0 * Hz, 9 * Hz, 1 * ms),)
    )
    x, targets = samples()
    with pytest.raises(ParameterError, match="regularisers"):
        grads_of(rule, objective, x, targets)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: type(r).__name__)
@pytest.mark.parametrize("batch", [0, 1])
def test_small_batches_and_one_step(rule: Rule, batch: int) -> None:
    net = net_of(Soft(), sizes=(6, 10, 3))
    x, targets = samples(steps=1, batch=1)
    if batch:
        assert set(grads_of(rule, objective_of(net), x, targets))
    loss, y = rule.gradients(objective_of(net), x[:batch], targets[:batch], 0)
    assert y.shape == (1, batch, 3) and not y.requires_grad and not loss.requires_grad


def test_gradients_are_added_and_draws_come_from_torch() -> None:
    """Noise in a neuron is the same in both passes of e-prop, and new in the next batch."""
    net = Sequential(
        nn.Linear(6, 10),
        Spiking(DiffusionLIF(), dt=1 * ms),
        nn.Dropout(0.3),
        nn.Linear(10, 3),
        leaky(),
    ).double()
    x, targets = samples()
    objective = objective_of(net)
    runs = []
    for _ in range(2):
        torch.manual_seed(1)
        _, y = EProp().gradients(objective, x, targets, 0)
        runs.append(y)
    assert torch.equal(*runs)
    twice = [p.grad.clone() for p in net.parameters() if p.grad is not None]
    net.zero_grad()
    torch.manual_seed(1)
    EProp().gradients(objective, x, targets, 0)
    for p, grad in zip([p for p in net.parameters() if p.grad is not None], twice, strict=True):
        assert p.grad is not None
        torch.testing.assert_close(2 * p.grad, grad)


def patterns() -> tuple[Tensor, Tensor]:
    """Three classes: which third of the channels fires."""
    generator = torch.Generator().manual_seed(0)
    targets = torch.arange(60) % 3
    rate = 0.05 + 0.4 * (torch.arange(12)[None] // 4 == targets[:, None])
    x = torch.rand(60, 15, 12, generator=generator) < rate[:, None]
    return x.float(), targets


def trained(rule: Rule, epochs: int, out: Path | None = None, resume: Path | None = None) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        net = Sequential(nn.Linear(12, 20), Spiking(Soft()), nn.Linear(20, 3), leaky())
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    history = fit(
        net, patterns(), loss=CrossEntropy(MembraneMean()), encode=Frames(), epochs=epochs,
        rule=rule, optimizer=optimizer, batch_size=20, validation=None, out=out, resume=resume,
        show="quiet",
    )  # fmt: skip
    return net, history


@pytest.mark.parametrize(
    "rule",
    [
        EProp(), EProp(feedback="random"), EProp(feedback="adaptive", decay=0.05),
        EProp(loss="step"), OTTT(), OTTT(variant="O"), OTTT(traces=False), DECOLLE(),
        DECOLLE(every_step=True),
    ],
    ids=repr,
)  # fmt: skip
def test_every_rule_learns(rule: Rule) -> None:
    online = getattr(rule, "online", False)
    _, history = trained(rule, 4 if online else 16)
    assert history.epochs[-1].accuracy >= 0.9
    assert rule_named(repr(rule)) == rule


def test_a_run_that_was_interrupted_ends_with_the_same_bits(tmp_path: Path) -> None:
    rule = OTTT(variant="O")
    whole, _ = trained(rule, 3)
    trained(rule, 1, out=tmp_path)
    again, _ = trained(rule, 3, resume=tmp_path)
    for one, other in zip(whole.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


def test_feedback_adapts_to_the_weights() -> None:
    """Adaptive feedback starts at random and ends symmetric."""
    net = net_of(Soft(), sizes=(6, 10, 3))
    objective = objective_of(net)
    x, targets = samples()
    found = []
    for draw in (0, 10_000):
        net.zero_grad()
        EProp(feedback="adaptive", decay=0.01).gradients(objective, x, targets, draw)
        found.append(net.get_submodule("linear1").weight.grad.clone())
    exact = grads_of(EProp(), objective, x, targets)["linear1.weight"]
    torch.testing.assert_close(found[1], exact)
    assert not torch.allclose(found[0], exact, rtol=0.1)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: OTTT(variant="B"), lambda: OTTT(traces=1), lambda: OTTT(reset="whole"),
        lambda: EProp(feedback="other"), lambda: EProp(decay=1.0), lambda: EProp(loss="all"),
        lambda: EProp(seed=-1), lambda: EProp(seed=True),
    ],
)  # fmt: skip
def test_bad_options(bad: Any) -> None:
    with pytest.raises(ParameterError):
        bad()
