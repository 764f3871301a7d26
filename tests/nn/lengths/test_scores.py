"""Readouts, losses, regularisers and counts over the valid steps alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from spikeloom import Hz, ms
from spikeloom.errors import ShapeError
from spikeloom.nn import LIF, Sequential, scale_to_rate, spiking_work
from spikeloom.nn.loss import TET, CrossEntropy, MeanSquare, RateBand, Synchrony, VanRossum
from spikeloom.nn.readout import Count, FirstSpike, MembraneLast, MembraneMax, MembraneMean, Rate
from spikeloom.train.predict import decide

READOUTS = [Rate(), Count(), FirstSpike(), MembraneMean(), MembraneMax(), MembraneLast()]
LOSSES = [CrossEntropy(MembraneMean(), 0.1), MeanSquare(Rate()), TET(smoothing=0.1), TET(share=0.0)]
LENGTHS = [9, 1, 4]


def outputs() -> torch.Tensor:
    """Spikes for some readouts, values for the others; the padding shouts."""
    torch.manual_seed(0)
    y = (torch.rand(9, 3, 5, dtype=torch.float64) < 0.3).double()
    for b, length in enumerate(LENGTHS):
        y[length:, b] = 7.0
    return y


@pytest.mark.parametrize("readout", READOUTS, ids=repr)
def test_scores_are_those_of_each_sample_alone(readout):
    y = outputs().requires_grad_()
    ends = torch.tensor(LENGTHS)
    scores, running = readout(y, ends), readout.running(y, ends)
    scores.square().sum().backward()
    for b, length in enumerate(LENGTHS):
        alone = y.detach()[:length, b : b + 1].clone().requires_grad_()
        expected = readout(alone)
        expected.square().sum().backward()
        torch.testing.assert_close(scores[b : b + 1], expected)
        torch.testing.assert_close(y.grad[:length, b], alone.grad[:, 0])
        assert not y.grad[length:, b].any()
        torch.testing.assert_close(running[:length, b], readout.running(alone)[:, 0])
        torch.testing.assert_close(
            running[length:, b], scores[b].expand(9 - length, 5), rtol=1e-12, atol=1e-12
        )


@pytest.mark.parametrize("readout", READOUTS, ids=repr)
def test_decisions_come_no_later_than_the_end(readout):
    made = decide(outputs(), readout, torch.tensor(LENGTHS))
    for b, length in enumerate(LENGTHS):
        alone = decide(outputs()[:length, b : b + 1], readout)
        assert made.labels[b] == alone.labels[0]
        assert made.latency[b] == alone.latency[0] <= length


@pytest.mark.parametrize("readout", READOUTS, ids=repr)
def test_an_empty_recording_has_no_scores(readout):
    with pytest.raises(ShapeError, match="sample 1 is empty"):
        readout(outputs(), torch.tensor([3, 0, 2]))


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_a_loss_is_the_mean_of_those_alone(loss):
    y, targets = outputs(), torch.tensor([0, 3, 4])
    alone = [loss(y[:n, b : b + 1], targets[b : b + 1]) for b, n in enumerate(LENGTHS)]
    ours = loss(y, targets, torch.tensor(LENGTHS))
    torch.testing.assert_close(ours, torch.stack(alone).mean())


def test_the_rate_band_counts_valid_steps():
    spikes = torch.zeros(10, 2, 3)
    spikes[:4, 1] = 1.0
    ends = torch.tensor([0, 4])
    band = RateBand(0 * Hz, 1000 * Hz, dt=1 * ms)
    assert float(band({"a": spikes}, ends)) == 0.0
    band = RateBand(0 * Hz, 0 * Hz, dt=1 * ms)
    assert float(band({"a": spikes}, ends)) == 1.0  # every valid step holds a spike


def net_and_data() -> tuple[Sequential, torch.Tensor]:
    torch.manual_seed(1)
    net = Sequential(nn.Linear(6, 20), LIF(tau=5 * ms), nn.Linear(20, 8), LIF(), nn.Linear(8, 3))
    return net, torch.rand(9, 3, 6) * 4


def test_work_is_the_mean_of_that_of_each_sample_alone():
    net, x = net_and_data()
    ends = torch.tensor(LENGTHS)
    work = spiking_work(net, x, net.trace(x, lengths=ends)[2])
    alone = []
    for b, length in enumerate(LENGTHS):
        piece = x[:length, b : b + 1]
        alone.append(spiking_work(net, piece, net.trace(piece)[2]))
    for name in ("synaptic_events", "multiply_accumulates", "neuron_updates"):
        mean = sum(getattr(w, name) for w in alone) / 3
        assert getattr(work, name) == pytest.approx(mean, rel=1e-6), name
    assert work.synaptic_events > 0


def test_rates_are_set_over_valid_steps():
    net, x = net_and_data()
    x = torch.cat([x, torch.zeros(50, 3, 6)])
    ends = torch.tensor([9, 9, 9])
    first, _ = scale_to_rate(net, x, 200 * Hz, 1 * ms, lengths=ends)
    assert first.reached
    spikes = net.trace(x, lengths=ends)[2]["spiking1"]
    assert 190 < float(spikes[:9].detach().mean()) * 1000 < 210


def test_synchrony_is_that_of_each_sample_alone():
    term, y = Synchrony(target=0.2, tau=5 * ms, dt=1 * ms), outputs()
    ours = term.measure(y, torch.tensor(LENGTHS))
    for b, length in enumerate(LENGTHS):
        torch.testing.assert_close(ours[b], term.measure(y[:length, b : b + 1])[0])


def test_spike_trains_end_with_their_sample():
    loss, ends = VanRossum(tau=5 * ms, dt=1 * ms), torch.tensor(LENGTHS)
    y, targets = outputs(), outputs().flip(2)
    clean = [x.clone() for x in (y, targets)]
    for x in clean:
        for b, length in enumerate(LENGTHS):
            x[length:, b] = 0.0
    torch.testing.assert_close(loss(y, targets, ends), loss(*clean))
