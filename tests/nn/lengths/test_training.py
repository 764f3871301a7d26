"""`fit` and `evaluate` with recordings of different length."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from spikeloom import Hz, ms
from spikeloom.errors import DataError, ParameterError, ShapeError
from spikeloom.nn import LIF, LeakyIntegrator, Saves, Sequential
from spikeloom.nn.encode import Frames
from spikeloom.nn.loss import CrossEntropy, RateBand
from spikeloom.nn.readout import MembraneMean
from spikeloom.train import BPTT, evaluate, fit
from spikeloom.train.loop.samples import SampleBatches, as_samples


def recordings(junk: float = 0.0) -> SimpleNamespace:
    torch.manual_seed(5)
    inputs, lengths = torch.rand(24, 10, 4) * 3, torch.randint(1, 11, (24,))
    targets = (inputs[:, 0, 0] > 1.5).long()
    for row, length in zip(inputs, lengths.tolist(), strict=True):
        row[length:] = junk
    return SimpleNamespace(inputs=inputs, targets=targets, lengths=lengths)


def network() -> Sequential:
    torch.manual_seed(0)
    return Sequential(nn.Linear(4, 12), LIF(tau=5 * ms), nn.Linear(12, 2), LeakyIntegrator())


def train(data, rule=BPTT(), regularisers=()) -> list[torch.Tensor]:
    net = network()
    fit(
        net,
        data,
        loss=CrossEntropy(MembraneMean()),
        optimizer=torch.optim.SGD(net.parameters(), lr=0.1),
        epochs=2,
        encode=Frames(),
        batch_size=8,
        rule=rule,
        regularisers=regularisers,
        show="quiet",
    )
    return [p.detach().clone() for p in net.parameters()]


def test_what_lies_in_the_padding_changes_no_bit_of_training():
    band = (RateBand(50 * Hz, 100 * Hz, dt=1 * ms),)
    clean, noisy = (
        train(recordings(), regularisers=band),
        train(recordings(99.0), regularisers=band),
    )
    assert all(torch.equal(a, b) for a, b in zip(clean, noisy, strict=True))


def test_without_lengths_the_padding_counts():
    data = recordings(9.0)
    without = SimpleNamespace(inputs=data.inputs, targets=data.targets)
    assert not torch.equal(train(data)[0], train(without)[0])


def test_chunks_as_long_as_the_block_and_pairs_of_three():
    data = recordings()
    whole = train(data)
    assert all(map(torch.equal, whole, train(data, BPTT(chunk=10))))
    assert all(map(torch.equal, whole, train((data.inputs, data.targets, data.lengths))))


def test_chunks_give_the_loss_of_the_whole():
    data = recordings()
    net, losses = network(), []
    for rule in (BPTT(), BPTT(chunk=3)):
        from spikeloom.train.loop.step import Objective

        task = Objective(net, CrossEntropy(MembraneMean()), Frames()).ending(data.lengths)
        losses.append(rule.gradients(task, data.inputs, data.targets, 0)[0])
    torch.testing.assert_close(*losses)


def test_evaluation_is_the_mean_over_recordings_alone():
    data, net = recordings(50.0), network()
    options = {"readout": MembraneMean(), "encode": Frames(), "dt": 1 * ms}
    found = evaluate(net, data, batch_size=7, **options)
    alone = [
        evaluate(net, (data.inputs[i : i + 1, :n], data.targets[i : i + 1]), **options)
        for i, n in enumerate(data.lengths.tolist())
    ]
    assert found.labels.tolist() == [int(one.labels[0]) for one in alone]
    assert found.loss == pytest.approx(np.mean([one.loss for one in alone]), rel=1e-5)
    assert found.latency_steps == pytest.approx(np.mean([one.latency_steps for one in alone]))
    events = np.mean([one.work.synaptic_events for one in alone])
    assert found.work.synaptic_events == pytest.approx(events, rel=1e-6)
    weights = data.lengths.numpy() / int(data.lengths.sum())
    rates = np.array([one.rate_hz["spiking1"] for one in alone])
    assert found.rate_hz["spiking1"] == pytest.approx(float(rates @ weights), rel=1e-6)
    assert found.rate_hz["spiking1"] > 0


def test_a_loader_may_give_lengths():
    data = recordings()
    loader = DataLoader(TensorDataset(data.inputs, data.targets, data.lengths), batch_size=8)
    options = {"readout": MembraneMean(), "encode": Frames(), "dt": 1 * ms}
    assert evaluate(network(), loader, **options).loss == pytest.approx(
        evaluate(network(), data, **options).loss, rel=1e-6
    )


def test_batches_carry_the_lengths_of_their_rows():
    samples = as_samples(recordings(), "data")
    for x, _, lengths in SampleBatches(samples, 5, seed=1).epoch(0):
        for row, length in zip(x, lengths.tolist(), strict=True):
            assert row[:length].any(1).all() and not row[length:].any()


@pytest.mark.parametrize(
    ("lengths", "words"), [([1, 2], r"\(24,\)"), ([1, 0] + [1] * 22, "recording 1 is empty")]
)
def test_lengths_that_make_no_sense_are_refused(lengths, words):
    data = recordings()
    with pytest.raises((ShapeError, DataError), match=words):
        as_samples((data.inputs, data.targets, lengths), "training data")


def test_lengths_beyond_the_recording_are_refused():
    data = recordings()
    data.lengths = data.lengths + 5
    with pytest.raises(ShapeError, match="0 to 10"):
        train(data)


class Still:
    """A rule that has not heard of lengths."""

    def gradients(self, objective, x, targets, draw):
        return torch.zeros(()), objective.outputs(x, draw)


def test_a_rule_that_knows_no_lengths_is_refused():
    with pytest.raises(ParameterError, match="different length"):
        train(recordings(), Still())


def test_segments_of_time_give_the_same_gradients():
    data, grads = recordings(), []
    for saves in (Saves(), Saves(segment=4)):
        net = network()
        net.saves = saves
        y, _ = net(data.inputs.transpose(0, 1), None, data.lengths)
        y.square().sum().backward()
        grads.append([p.grad for p in net.parameters()])
    for ours, truth in zip(*grads, strict=True):
        torch.testing.assert_close(ours, truth, rtol=1e-4, atol=1e-5)
