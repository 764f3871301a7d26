from __future__ import annotations

import os
import signal

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from spikeloom.equations.units import Hz, ms
from spikeloom.errors import (
    CheckpointError,
    DataError,
    NumericsError,
    ParameterError,
    ShapeError,
)
from spikeloom.nn import ann_twin
from spikeloom.nn.encode import ConstantCurrent, Rate
from spikeloom.nn.loss import CrossEntropy, MeanSquare, RateBand
from spikeloom.nn.readout import Direct, MembraneMean
from spikeloom.train.fit import fit
from spikeloom.train.store.checkpoint import FILE


def bits(net: nn.Module) -> list[bytes]:
    return [value.detach().numpy().tobytes() for value in net.state_dict().values()]


def train(net, data, *, optimizer="adam", **options):
    kinds = {
        "adam": lambda: torch.optim.AdamW(net.parameters(), lr=0.01, fused=True),
        "sgd": lambda: torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9),
        "rms": lambda: torch.optim.RMSprop(net.parameters(), lr=0.003),
    }
    opt = kinds[optimizer]()
    settings = {
        "loss": CrossEntropy(MembraneMean()),
        "encode": Rate(steps=6),
        "epochs": 4,
        "batch_size": 16,
        "validation": 0.2,
        "scheduler": torch.optim.lr_scheduler.CosineAnnealingLR(opt, 4),
        "show": "quiet",
        "save_seconds": 0.0,
    }
    return fit(net, data, optimizer=opt, **(settings | options))


def test_it_learns(make_net, data):
    net = make_net()
    history = train(net, data, epochs=40, encode=ConstantCurrent(6), scheduler=None)
    assert history.stopped == "epochs" and len(history) == 40
    assert history.best_epoch.validation_accuracy == 1.0
    assert history.epochs[-1].loss < 0.5 * history.epochs[0].loss


def test_the_twin_learns_by_the_same_call(make_net, data):
    twin = ann_twin(make_net())
    history = train(twin, data, epochs=40, encode=None, loss=CrossEntropy(Direct()), scheduler=None)
    assert history.best_epoch.validation_accuracy == 1.0


def test_the_same_seed_gives_the_same_bits_whatever_was_drawn_before(make_net, data):
    first, second, other = make_net(), make_net(), make_net()
    one = train(first, data)
    torch.rand(17)
    two = train(second, data)
    train(other, data, seed=1)
    assert bits(first) == bits(second) and one == two
    assert bits(first) != bits(other)


def test_settings_of_torch_are_put_back(make_net, data):
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    handler = signal.getsignal(signal.SIGINT)
    train(make_net(), data, epochs=1)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()
    assert signal.getsignal(signal.SIGINT) is handler


class StopAfter:
    """A reporter that presses Ctrl-C during batch ``count``."""

    def __init__(self, count: int) -> None:
        self.left = count

    def start(self, title, epochs, steps, done): ...

    def epoch(self, epoch): ...

    def close(self): ...

    def batch(self, samples, loss=None):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rms"])
@pytest.mark.parametrize("batches", [1, 3, 5, 11])
def test_interrupted_and_resumed_ends_in_the_same_bits(
    make_net, data, tmp_path, batches, optimizer
):
    whole, parts = make_net(), make_net()
    expected = train(whole, data, optimizer=optimizer)
    with pytest.raises(KeyboardInterrupt, match="go on with resume"):
        train(parts, data, out=tmp_path, show=StopAfter(batches), optimizer=optimizer)
    fresh = make_net()
    with torch.no_grad():
        for p in fresh.parameters():
            p.add_(1.0)
    history = train(fresh, data, resume=tmp_path, optimizer=optimizer)
    assert bits(fresh) == bits(whole)
    assert history == expected


def test_interrupted_many_times(make_net, data, tmp_path):
    whole = make_net()
    train(whole, data)
    part, resume = make_net(), None
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            train(part, data, out=tmp_path, resume=resume, show=StopAfter(2))
        part, resume = make_net(), tmp_path
    train(part, data, resume=tmp_path)
    assert bits(part) == bits(whole)


def test_resuming_a_finished_run_changes_nothing(make_net, data, tmp_path):
    net, again = make_net(), make_net()
    history = train(net, data, out=tmp_path)
    assert train(again, data, resume=tmp_path) == history
    assert bits(again) == bits(net)


def test_a_second_ctrl_c_stops_at_once(make_net, data):
    class Impatient(StopAfter):
        def batch(self, samples, loss=None):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(make_net(), data, show=Impatient(1))
    with pytest.raises(KeyboardInterrupt, match="nothing was saved"):
        train(make_net(), data, show=StopAfter(1))


def test_resume_refuses_other_settings_and_networks(make_net, data, tmp_path):
    train(make_net(), data, out=tmp_path, epochs=1)
    with pytest.raises(CheckpointError, match="seed = 0, now it is 5"):
        train(make_net(), data, resume=tmp_path, seed=5)
    with pytest.raises(CheckpointError, match="encode"):
        train(make_net(), data, resume=tmp_path, encode=ConstantCurrent(6))
    with pytest.raises(CheckpointError, match="does not fit"):
        train(
            ann_twin(make_net()),
            data,
            resume=tmp_path,
            loss=CrossEntropy(MembraneMean()),
            encode=Rate(steps=6),
        )
    with pytest.raises(CheckpointError, match="cannot read"):
        train(make_net(), data, resume=tmp_path / "nowhere")
    assert not (tmp_path / "nowhere" / FILE).exists()


def test_the_weights_of_the_best_epoch_are_kept_and_patience_ends_it(make_net, data):
    net, seen = make_net(), []

    def remember(epoch):
        seen.append(bits(net))

    history = train(net, data, epochs=60, patience=3, callbacks=[remember], scheduler=None)
    assert history.stopped == "patience"
    assert len(history) == history.best + 3
    assert bits(net) == seen[history.best - 1]


def test_a_callback_can_stop(make_net, data):
    history = train(make_net(), data, callbacks=[lambda epoch: epoch.number == 2])
    assert history.stopped == "callback" and len(history) == 2


def test_a_plateau_scheduler_sees_the_validation_loss(make_net, data):
    net = make_net()
    opt = torch.optim.SGD(net.parameters(), lr=1e-4)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=0, threshold=0.9)
    history = fit(
        net,
        data,
        loss=CrossEntropy(MembraneMean()),
        optimizer=opt,
        scheduler=plateau,
        encode=ConstantCurrent(4),
        epochs=3,
        show="quiet",
    )
    assert history.epochs[-1].learning_rate == pytest.approx(1e-6)


def test_loaders_validation_sets_and_none(make_net, data, tmp_path):
    x, y = data
    loader = DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True)
    held = DataLoader(TensorDataset(x[:10], y[:10]), batch_size=5)
    nets = [make_net(), make_net(), make_net()]
    history = train(nets[0], loader, validation=held)
    assert history.best is not None
    with pytest.raises(KeyboardInterrupt):
        train(nets[1], loader, validation=held, out=tmp_path, show=StopAfter(6))
    train(nets[2], loader, validation=held, resume=tmp_path)
    assert bits(nets[0]) == bits(nets[2])
    assert train(make_net(), data, validation=None).best is None
    with pytest.raises(ParameterError, match="DataLoader"):
        train(make_net(), loader)


def test_explicit_validation_and_numpy(make_net, data):
    x, y = (part.numpy() for part in data)
    history = train(make_net(), (x[10:], y[10:]), validation=(x[:10], y[:10]))
    assert history.epochs[0].validation_accuracy is not None


def test_values_as_targets(make_net, data):
    x, y = data
    values = nn.functional.one_hot(y, 3).float()
    history = train(make_net(), (x, values), loss=MeanSquare(MembraneMean()))
    assert history.epochs[0].accuracy is None
    assert history.epochs[-1].validation_loss < history.epochs[0].validation_loss


def test_a_rate_regulariser_moves_the_rate(make_net, data):
    def rate(net):
        x = ConstantCurrent(6)(data[0])
        return float(net.eval().trace(x)[2]["hidden1"].detach().mean())

    plain, quiet = make_net(), make_net()
    band = RateBand(low=0 * Hz, high=20 * Hz, dt=1 * ms, weight=50.0)
    train(plain, data, encode=ConstantCurrent(6), validation=None, epochs=10)
    train(quiet, data, encode=ConstantCurrent(6), validation=None, epochs=10, regularisers=[band])
    assert rate(quiet) < 0.8 * rate(plain)


def test_clipping_is_used(make_net, data):
    clipped, free = make_net(), make_net()
    train(clipped, data, clip=1e-6, optimizer="sgd")
    train(free, data, optimizer="sgd")
    start = dict(make_net().named_parameters())
    moved = max(float((p - start[n]).detach().abs().max()) for n, p in clipped.named_parameters())
    assert moved < 1e-5
    assert bits(clipped) != bits(free)


def test_bad_data(make_net, data):
    x, y = data
    broken = x.clone()
    broken[7, 2] = float("nan")
    with pytest.raises(NumericsError, match="sample 7"):
        train(make_net(), (broken, y))
    broken[7, 2] = float("inf")
    with pytest.raises(NumericsError, match="sample 7"):
        train(make_net(), (broken, y))
    with pytest.raises(DataError, match="no samples"):
        train(make_net(), (x[:0], y[:0]))
    with pytest.raises(ShapeError, match="inputs must be"):
        train(make_net(), (x, y[:5]))
    with pytest.raises(ParameterError, match="labels count from 0"):
        train(make_net(), (x, y - 1))
    with pytest.raises(ParameterError, match="0 to 2 for 3 outputs"):
        train(make_net(), (x, y + 1))
    with pytest.raises(DataError, match="expected a data set"):
        train(make_net(), np.zeros(3))
    with pytest.raises(ShapeError, match="weights1"):
        train(make_net(), (torch.rand(60, 5), y))


def test_bad_options(make_net, data):
    for name in ("epochs", "batch_size", "patience", "threads"):
        with pytest.raises(ParameterError, match=name):
            train(make_net(), data, **{name: 0})
    with pytest.raises(ParameterError, match="encode="):
        train(make_net(), data, encode=None)
    for share in (0.0, 1.0, 0.001):
        with pytest.raises(ParameterError, match="validation"):
            train(make_net(), data, validation=share)


def test_a_loss_that_explodes_is_reported(make_net, data):
    net = make_net()
    opt = torch.optim.SGD(net.parameters(), lr=1e38)
    with pytest.raises(NumericsError, match="learning rate"):
        fit(
            net,
            data,
            loss=CrossEntropy(MembraneMean()),
            optimizer=opt,
            epochs=9,
            encode=ConstantCurrent(6),
            show="quiet",
        )


def test_a_run_with_a_function_of_ones_own_resumes_in_another_process(make_net, data, tmp_path):
    """A function's address, which another process does not share, is no setting."""

    def own():
        return lambda x, draw=0: x.expand(6, *x.shape)

    keep = [own() for _ in range(3)]  # so that no two of them have the same address
    first, whole = make_net(), make_net()
    train(whole, data, encode=keep[0], epochs=2)
    train(first, data, encode=keep[1], epochs=1, out=tmp_path)
    train(first, data, encode=keep[2], epochs=2, resume=tmp_path)
    assert bits(first) == bits(whole)
