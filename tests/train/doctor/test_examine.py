"""Each fault is planted in a network that learns, and must be found; the sound one must pass."""

from __future__ import annotations

import copy
import json
import warnings

import pytest
import torch
from torch import Tensor, nn

from spikeloom.equations.units import Hz, MOhm, ms, mV
from spikeloom.errors import DataError, ParameterError
from spikeloom.models import LIF as Cell
from spikeloom.models import ATan, Gaussian, Triangle
from spikeloom.nn import LIF, LeakyIntegrator, Sequential, Spiking, scale_to_rate
from spikeloom.nn.encode import ConstantCurrent, Frames
from spikeloom.nn.loss import CrossEntropy
from spikeloom.nn.readout import MembraneLast, MembraneMean
from spikeloom.train import Doctor, DoctorWarning, examine, fit

LOSS = CrossEntropy(MembraneMean())
STEPS = 30


@pytest.fixture
def data() -> tuple[Tensor, Tensor]:
    x = torch.rand(60, 6, generator=torch.Generator().manual_seed(0))
    return x, x[:, :3].argmax(1)


def network(hidden: nn.Module | None = None, rate: float = 60.0) -> Sequential:
    torch.manual_seed(0)
    middle = LIF() if hidden is None else hidden
    net = Sequential(
        nn.Linear(6, 20), middle, nn.Linear(20, 3), LeakyIntegrator(),
        names=("weights", "hidden", "last", "output"),
    )  # fmt: skip
    if rate:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scale_to_rate(net, torch.rand(STEPS, 20, 6), rate * Hz, 1 * ms)
    return net


@torch.no_grad()
def quieten(net: Sequential) -> None:
    for p in net.get_submodule("weights").parameters():
        p.mul_(1e-3)


def kinds(net: Sequential, data: tuple[Tensor, Tensor], **options) -> dict[str, bool]:
    settings = {"loss": LOSS, "encode": ConstantCurrent(STEPS)}
    found = examine(net, data, **(settings | options))
    return {f.kind: f.grave for f in found.findings}


def test_a_network_that_learns_is_healthy(data):
    net = network()
    found = examine(net, data, loss=LOSS, encode=ConstantCurrent(STEPS))
    assert found.healthy and not found.findings
    assert "Nothing stands in the way" in str(found)
    (reading,) = found.readings
    assert reading.layer == "hidden" and reading.neurons == 20
    spikes = net.trace(ConstantCurrent(STEPS)(data[0]))[2]["hidden"]
    assert reading.rate == pytest.approx(float(spikes.detach().mean()), rel=1e-6)
    assert reading.silent == pytest.approx(float((spikes.sum((0, 1)) == 0).double().mean()))


def test_nothing_is_changed(data):
    net = Sequential(nn.Linear(6, 20), nn.BatchNorm1d(20), LIF(), nn.Dropout(0.5), nn.Linear(20, 3))
    before, chance = copy.deepcopy(net.state_dict()), torch.get_rng_state()
    net.eval()
    examine(net, data, loss=LOSS, encode=ConstantCurrent(4))
    assert all(
        torch.equal(a, b) for a, b in zip(before.values(), net.state_dict().values(), strict=True)
    )
    assert torch.equal(torch.get_rng_state(), chance) and not net.training
    assert all(p.grad is None for p in net.parameters())


def test_a_silent_layer(data):
    net = network()
    quieten(net)
    assert kinds(net, data)["silent"] is True


def test_a_saturated_layer(data):
    net = network()
    with torch.no_grad():
        net.get_submodule("weights").bias.fill_(1e3)
    assert kinds(net, data)["saturated"] is True


def test_a_closed_window(data):
    """A narrow triangle is zero at almost every potential; ATan never is."""
    shut = network(LIF(surrogate=Triangle(), width=1e-4 * mV))
    assert kinds(shut, data)["blocked"] is True
    assert "blocked" not in kinds(network(LIF(surrogate=ATan())), data)


def test_an_exploding_gradient(data):
    """A steep surrogate whose gradient goes through the reset multiplies in every step."""
    hidden = Spiking(
        Cell(tau=200 * ms, R=20 * MOhm, E=0 * mV, theta=1 * mV),
        Gaussian(),
        dt=1 * ms,
        width=0.02 * mV,
    )
    found = kinds(network(hidden, rate=400), data, loss=CrossEntropy(MembraneLast()))
    assert found.get("exploding") is True


def test_a_vanishing_gradient(data):
    torch.manual_seed(0)
    short = 0.2 * ms
    net = Sequential(nn.Linear(6, 20), LIF(tau=short), nn.Linear(20, 3), LeakyIntegrator(tau=short))
    scale_to_rate(net, torch.rand(STEPS, 20, 6), 60 * Hz, 1 * ms)
    found = kinds(net, data, loss=CrossEntropy(MembraneLast()))
    assert found["vanishing"] is False


def test_time_constants_that_fit_neither_step_nor_run(data):
    assert kinds(network(LIF(tau=0.5 * ms)), data)["tau"] is False
    assert kinds(network(LIF(tau=5000 * ms)), data)["tau"] is False
    assert "tau" not in kinds(network(LIF(tau=30 * ms)), data)


def test_swapped_axes(data):
    series = torch.rand(60, 12, 6)

    class Wrong:
        def __call__(self, x: Tensor, draw: int = 0) -> Tensor:
            return x

    assert kinds(network(), (series, data[1]), encode=Wrong()) == {"axes": True}
    assert "axes" not in kinds(network(), (series, data[1]), encode=Frames())


def test_a_single_step(data):
    assert kinds(network(), data, encode=ConstantCurrent(1))["axes"] is False


def test_advice_that_is_followed_helps(data):
    net = network(rate=0)
    quieten(net)
    batch = ConstantCurrent(STEPS)(data[0])
    assert not examine(net, data, loss=LOSS, encode=ConstantCurrent(STEPS)).healthy
    scale_to_rate(net, batch, 100 * Hz, 1 * ms)
    assert examine(net, data, loss=LOSS, encode=ConstantCurrent(STEPS)).healthy


def test_the_callback_warns_once_of_each_thing(data):
    net = network()
    quieten(net)
    doctor = Doctor(net, data, loss=LOSS, encode=ConstantCurrent(STEPS), every=2)
    with pytest.warns(DoctorWarning) as told:
        fit(
            net, data, loss=LOSS, encode=ConstantCurrent(STEPS), epochs=4, callbacks=[doctor],
            optimizer=torch.optim.SGD(net.parameters(), lr=1e-9), show="quiet",
        )  # fmt: skip
    assert len(doctor.diagnoses) == 2
    said = [str(w.message) for w in told if w.category is DoctorWarning]
    assert sum("no neuron fires" in s for s in said) == 1
    assert said[0].startswith("epoch 1, hidden:")


def test_recordings_of_different_length_count_by_their_steps(data):
    x = torch.rand(60, 12, 6)
    lengths = torch.arange(60) % 12 + 1
    net = network()
    found = examine(net, (x, data[1], lengths), loss=LOSS, encode=Frames(), batch_size=60)
    spikes = net.trace(Frames()(x), None, lengths)[2]["hidden"]
    want = float(spikes.detach().sum()) / (20 * int(lengths.sum()))
    assert found.readings[0].rate == pytest.approx(want, rel=1e-5)


def test_a_diagnosis_is_json(data):
    found = examine(network(), data, loss=LOSS, encode=ConstantCurrent(3))
    assert json.loads(json.dumps(found.to_record()))["readings"][0]["layer"] == "hidden"


def test_what_the_doctor_cannot_look_at(data):
    settings = {"loss": LOSS, "encode": ConstantCurrent(3)}
    with pytest.raises(ParameterError, match="spikeloom Sequential, got Linear"):
        examine(nn.Linear(6, 3), data, **settings)
    with pytest.raises(ParameterError, match="no layer that spikes"):
        examine(Sequential(nn.Linear(6, 3)), data, **settings)
    with pytest.raises(DataError, match="no samples"):
        examine(network(), (data[0][:0], data[1][:0]), **settings)
