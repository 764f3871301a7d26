"""One call gives work, traffic and energy of a network and its quantised twin."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from torch import nn

from spikeloom import models, ms
from spikeloom.compile import compile_neuron
from spikeloom.errors import DataError, NumericsError, ParameterError, ShapeError
from spikeloom.nn import (
    LIF,
    SEW,
    LeakyIntegrator,
    Precision,
    Process,
    Recurrent,
    Sequential,
    Spiking,
    ann_twin,
    energy_report,
    plain_work,
    spikformer_block,
    spiking_work,
)
from spikeloom.nn.encode import ConstantCurrent, Rate
from spikeloom.nn.energy.constants import PUBLISHED
from spikeloom.nn.energy.step import program_operations
from spikeloom.nn.energy.verdict import Verdict


def spikes(steps, batch, features, every):
    """Every so many-th input fires: a rate that is exact."""
    x = torch.zeros(steps * batch * features)
    x[::every] = 1.0
    return x.reshape(steps, batch, features)


def test_constants_of_the_table():
    process = Process()
    assert process.add_pj(32, "float") == pytest.approx(0.9)
    assert process.add_pj(32, "float") + process.multiply_pj(32, 32, "float") == pytest.approx(4.6)
    assert process.add_pj(8) == pytest.approx(0.03)
    assert process.multiply_pj(32, 32) == pytest.approx(3.1)
    assert process.bit_pj(8192) * 64 == 10
    assert process.bit_pj(8193) * 64 == 20
    assert eval(repr(process)) == process
    a_million = {(p.chip, p.covers): p.event_pj * 1e6 / 1e6 for p in PUBLISHED}
    assert a_million["Loihi", "marginal"] == 23.6
    assert a_million["TrueNorth", "total"] == 26.0


def test_a_million_events_in_floating_point():
    """1e6 events are 0.9 uJ of additions and 4.6 uJ of multiplications with additions."""
    net = Sequential(nn.Linear(100, 100, bias=False), LIF())
    report = energy_report(
        net, torch.ones(100, 1, 100), bits=Precision(32, arithmetic="float"), over_time=True
    )
    assert report.synaptic_events == 1e6
    assert report.synapses.network_nj == pytest.approx(900)
    assert report.synapses.twin_nj == pytest.approx(4600)
    assert report.published_nj()["Loihi (marginal)"] == pytest.approx(23600)


@pytest.mark.parametrize("model", [models.LIF, models.ALIF, models.AdEx, models.HodgkinHuxley])
def test_every_instruction_of_a_step_is_counted_or_free(model):
    program = compile_neuron(model())
    found = program_operations(program)
    assert found.additions + found.multiplications + found.functions == sum(found.kinds.values())
    assert found.kinds.get("mul", 0) == found.multiplications
    assert found.states == len(program.states)
    exponentials = sum(n for op, n in found.kinds.items() if op.startswith("exp"))
    assert found.functions >= exponentials


def test_counts_by_hand():
    net = Sequential(nn.Linear(20, 30), LIF(tau=5 * ms), nn.Linear(30, 4), LeakyIntegrator())
    x = ConstantCurrent(steps=10)(torch.rand(3, 20) * 9)
    report = energy_report(net, x)
    fired = float(net.trace(x)[2]["spiking1"].detach().sum()) / 3
    first, hidden, second, last = (b.count for b in report.network)
    assert fired > 0
    assert (first.multiply_accumulates, first.additions) == (20 * 30, 0), "constant: once"
    assert hidden.spikes_out == pytest.approx(fired)
    assert second.additions == pytest.approx(4 * fired)
    assert second.spikes_in == pytest.approx(fired)
    assert (hidden.updates, last.updates) == (300, 40)
    assert [b.state_bits for b in report.network] == [0, 2 * 300 * 16, 0, 2 * 40 * 16]
    assert report.network[2].weight_bits == pytest.approx(8 * 4 * fired)
    assert report.network[2].message_bits == pytest.approx(5 * fired), "30 neurons: 5 bits"
    assert [b.count.multiply_accumulates for b in report.twin] == [600, 120]
    assert report.activation_bits == 4, "ceil(log2(11))"
    assert report.rate == pytest.approx(fired / 300)
    assert report.dt_ms == 1.0


def test_the_flip_rate_is_where_both_need_the_same():
    """The closed form, from one run, against runs whose input fires at other rates."""
    net = Sequential(nn.Linear(64, 50))
    at = {every: energy_report(net, spikes(16, 4, 64, every)) for every in (2, 4, 8, 16, 32, 64)}
    for which in ("total", "synapses"):
        flips = [getattr(report, which).flip_rate for report in at.values()]
        assert flips == pytest.approx([flips[0]] * len(flips)), "whatever rate it was read at"
        for every, report in at.items():
            verdict = getattr(report, which)
            assert report.rate == pytest.approx(1 / every)
            assert verdict.cheaper == ("spiking" if 1 / every < flips[0] else "twin")
            assert verdict.at(verdict.flip_scale) == pytest.approx(verdict.twin_nj)
            doubled = getattr(at.get(every // 2), which, None)
            if doubled is not None:
                assert verdict.at(2) == pytest.approx(doubled.network_nj)
    assert {r.synapses.cheaper for r in at.values()} == {"spiking", "twin"}


def test_both_sides_of_the_flip_with_hidden_neurons():
    """Weights scaled so that hidden neurons fire more: the verdict changes where it says."""
    torch.manual_seed(0)
    net = Sequential(nn.Linear(30, 200), LIF(tau=5 * ms), nn.Linear(200, 100), LIF())
    x = Rate(steps=20)(torch.rand(8, 30))
    verdicts = []
    for gain in (2.0, 2.0, 2.0, 2.0):
        with torch.no_grad():
            net.layers[0][1].weight.mul_(gain)
        verdicts.append(energy_report(net, x, twin=nn.Sequential(nn.Linear(30, 200))).synapses)
    assert [v.cheaper for v in verdicts] == [
        "spiking" if v.flip_scale is not None and v.flip_scale > 1 else "twin" for v in verdicts
    ]


def test_verdict_in_words():
    assert "flips at 0.2 spikes a step (200 Hz)" in str(Verdict(3, 5, 2, 0.1, 1.0))
    assert "more than there are steps" in str(Verdict(1, 500, 1, 0.1))
    assert "would at any rate" in str(Verdict(3, 0.5, 2, 0.1))
    assert Verdict(3, 0.5, 2, 0.1).flip_rate is None
    assert "no spike was counted" in str(Verdict(3, 5, 0, 0.0))
    assert Verdict(0, 0, 0, 0.0).cheaper == "equal" and Verdict(0, 0, 0, 0.0).factor == 1
    assert json.dumps(Verdict(0, 5, 0, 0.0).to_record())


NETS = {
    "conv": (
        lambda: Sequential(
            nn.Conv2d(2, 4, 3), LIF(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(36, 3), LIF()
        ),
        (2, 8, 8),
    ),
    "recurrent": (
        lambda: Sequential(
            nn.Linear(12, 9), Recurrent(models.LIF(), features=9), nn.Linear(9, 2), LIF()
        ),
        (12,),
    ),
    "residual": (
        lambda: Sequential(
            nn.Linear(6, 6), LIF(), SEW(Sequential(nn.Linear(6, 6), LIF()), connect="iand"),
            nn.Linear(6, 2), LIF(),
        ),
        (6,),
    ),
    "attention": (lambda: Sequential(nn.Linear(8, 8), LIF(), spikformer_block(8, 2)), (3, 8)),
}  # fmt: skip


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("over_time", [False, True])
def test_networks_of_every_kind(name, over_time):
    torch.manual_seed(1)
    make, shape = NETS[name]
    net = make()
    x = (torch.rand(6, 4, *shape) < 0.5).float()
    report = energy_report(net, x, over_time=over_time)
    work = spiking_work(net, x, net.trace(x)[2])
    assert sum(b.count.additions for b in report.network) == pytest.approx(work.synaptic_events)
    assert sum(b.count.updates for b in report.network) == work.neuron_updates
    macs = sum(b.count.multiply_accumulates for b in report.twin)
    assert macs > 0
    if not over_time:
        assert macs == plain_work(ann_twin(net), x[0]).multiply_accumulates
    elif name in ("conv", "residual"):
        assert macs == 6 * plain_work(ann_twin(net), x[0]).multiply_accumulates
    json.dumps(report.to_record())
    assert ("plain twin" in str(report) and "verdict" in str(report)) or "any rate" in str(report)
    for each in (*report.network, *report.twin):
        assert each.total_nj >= 0


def test_batches_and_encoders_give_the_same_means():
    net = Sequential(nn.Linear(5, 30), LIF(), nn.Linear(30, 4), LIF())
    samples = torch.rand(10, 5) * 5
    whole = energy_report(net, samples, encode=ConstantCurrent(steps=7))
    parts = energy_report(
        net, (samples.numpy(), None), encode=ConstantCurrent(steps=7), batch_size=3
    )
    assert parts.samples == whole.samples == 10
    assert parts.total.network_nj == pytest.approx(whole.total.network_nj)
    assert parts.total.twin_nj == pytest.approx(whole.total.twin_nj)


def test_what_lies_behind_the_end_of_a_recording_costs_nothing():
    net = Sequential(nn.Linear(5, 4), LIF())
    x = torch.ones(9, 2, 5)
    report = energy_report(net, x, lengths=torch.tensor([3, 5]))
    assert report.synaptic_events == 4 * 5 * 4
    assert report.network[1].count.updates == 4 * 4


def test_fewer_bits_and_another_process_change_the_bill():
    net = Sequential(nn.Linear(5, 4), LIF())
    x = torch.ones(3, 2, 5)
    eight, four = energy_report(net, x), energy_report(net, x, bits=4)
    assert four.network[0].weight_bits == eight.network[0].weight_bits / 2
    dear = replace(Process(), integer_add=((8, 1.0),))
    assert energy_report(net, x, constants=dear).synapses.network_nj == pytest.approx(0.06)
    fast = Sequential(nn.Linear(5, 4), Spiking(models.AdEx(), dt=0.1 * ms))
    assert energy_report(fast, x).dt_ms == pytest.approx(0.1)


def test_leaves_the_network_as_it_was():
    net = Sequential(nn.Linear(5, 4), nn.Dropout(0.5), LIF()).train()
    before = {n: p.clone() for n, p in net.state_dict().items()}
    energy_report(net, torch.ones(3, 2, 5))
    assert net.training
    assert all(torch.equal(before[n], p) for n, p in net.state_dict().items())


def test_bad_input():
    net = Sequential(nn.Linear(5, 4), LIF())
    with pytest.raises(ShapeError, match="shape"):
        energy_report(net, torch.ones(3, 5))
    with pytest.raises(DataError, match="nothing"):
        energy_report(net, torch.ones(3, 0, 5))
    with pytest.raises(NumericsError, match="NaN"):
        energy_report(net, torch.full((3, 1, 5), torch.nan))
    with pytest.raises(ParameterError, match="Sequential"):
        energy_report(nn.Linear(5, 4), torch.ones(3, 2, 5))
    with pytest.raises(ParameterError, match="Process"):
        energy_report(net, torch.ones(3, 2, 5), constants=45)
    for bits in (0, 8.0, True):
        with pytest.raises(ParameterError, match="bits"):
            energy_report(net, torch.ones(3, 2, 5), bits=bits)
    with pytest.raises(ParameterError, match="tensor"):
        energy_report(net, "digits")
    with pytest.raises(ParameterError, match="arithmetic"):
        Precision(8, arithmetic="posit")
