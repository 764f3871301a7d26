"""Groups of batches, 16 bits, averages of weights, schedules by step, batches too large."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from spikeloom.equations.units import Hz, ms
from spikeloom.errors import CheckpointError, EngineError, NumericsError, ParameterError
from spikeloom.nn import LIF, LeakyIntegrator, Sequential, scale_to_rate
from spikeloom.nn.encode import ConstantCurrent
from spikeloom.nn.loss import CrossEntropy, RateBand
from spikeloom.nn.readout import Direct, MembraneMean
from spikeloom.train import BPTT, fit
from spikeloom.train.loop.updates import moving_average


def spiking() -> Sequential:
    torch.manual_seed(0)
    net = Sequential(nn.Linear(6, 12), LIF(), nn.Linear(12, 3), LeakyIntegrator())
    scale_to_rate(net, torch.rand(8, 20, 6), 150 * Hz, 1 * ms)
    return net


def train(net: nn.Module, data: tuple[Tensor, Tensor], **options):
    settings = {
        "loss": CrossEntropy(MembraneMean()),
        "encode": ConstantCurrent(steps=8),
        "epochs": 3,
        "batch_size": 12,
        "validation": 0.2,
        "show": "quiet",
        "optimizer": torch.optim.AdamW(net.parameters(), lr=0.02),
    }
    return fit(net, data, **(settings | options))


def weights(net: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in net.parameters()])


@pytest.mark.parametrize(("small", "group"), [(6, 2), (5, 3), (15, 1)])
def test_a_group_of_batches_is_one_batch(data, small, group):
    """Also at the end of an epoch, where the group is smaller: 48 samples in 15s leave 3."""
    nets = [spiking().double() for _ in range(2)]
    losses = [
        train(net, data, batch_size=size, accumulate=k).epochs[-1].loss
        for net, size, k in zip(nets, (small * group, small), (1, group), strict=True)
    ]
    torch.testing.assert_close(weights(nets[1]), weights(nets[0]), rtol=1e-9, atol=1e-12)
    assert losses[1] == pytest.approx(losses[0])


def test_a_group_is_clipped_as_a_whole(data):
    nets = [spiking().double() for _ in range(2)]
    for net, size, k in zip(nets, (12, 4), (1, 3), strict=True):
        train(net, data, batch_size=size, accumulate=k, clip=0.01)
    torch.testing.assert_close(weights(nets[1]), weights(nets[0]), rtol=1e-9, atol=1e-12)


def test_the_average_is_what_validates_and_what_remains(data):
    """Against the recursion a <- d a + (1 - d) w with d <= (1 + n) / (10 + n), n updates on."""
    net, decay = spiking().double(), 0.8
    course: list[Tensor] = []
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    optimizer.register_step_post_hook(lambda *_: course.append(weights(net)))
    train(net, data, optimizer=optimizer, average=decay, validation=None, epochs=2)
    mean = course[0]
    for count, now in enumerate(course[1:], start=1):
        share = min(decay, (1 + count) / (10 + count))
        mean = share * mean + (1 - share) * now
    torch.testing.assert_close(weights(net), mean)
    assert not torch.allclose(mean, course[-1])


def test_a_norm_forgets_what_it_counted_before_it_saw_anything():
    norm = nn.BatchNorm1d(1)
    mean = moving_average(norm, 0.99)
    x = 0.1 * torch.randn(64, 1, generator=torch.Generator().manual_seed(0))
    for _ in range(60):
        norm(x)
        mean.update_parameters(norm)
    # A plain average would still hold 0.99^60 = 55 % of the variance of 1 that it began with.
    assert float(mean.module.running_var) < 0.05 < 0.99**60


def test_a_resumed_run_with_everything_ends_in_the_same_bits(data, tmp_path):
    def go(epochs: int, **more) -> nn.Module:
        net = spiking()
        optimizer = torch.optim.AdamW(net.parameters(), lr=0.02)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=40)
        train(
            net, data, optimizer=optimizer, scheduler=schedule, scheduler_every="step",
            accumulate=2, average=0.9, epochs=epochs, batch_size=6, save_seconds=0.0, **more,
        )  # fmt: skip
        return net

    whole = go(6)
    go(2, out=tmp_path)
    assert torch.equal(weights(go(6, resume=tmp_path)), weights(whole))
    with pytest.raises(CheckpointError, match="scheduler every = 'step'"):
        train(spiking(), data, resume=tmp_path, batch_size=6)


def test_ctrl_c_waits_for_the_end_of_a_group(data, tmp_path):
    """A checkpoint amid a group would have to hold its gradients."""
    from spikeloom.train.store.bundle import read_bundle
    from spikeloom.train.store.checkpoint import FILE

    def stop_in_the_first_batch(x: Tensor, draw: int) -> Tensor:
        if draw == 0:
            import os
            import signal

            os.kill(os.getpid(), signal.SIGINT)
        return x

    net = spiking()
    with pytest.raises(KeyboardInterrupt, match="after batch 3"):
        train(net, data, accumulate=3, batch_size=6, augment=stop_in_the_first_batch, out=tmp_path)
    assert read_bundle(tmp_path / FILE, "checkpoint")[1]["step"] == 3


def test_a_schedule_by_step_steps_after_every_update(data):
    net = spiking()
    optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    history = train(
        net, data, optimizer=optimizer, scheduler=schedule, scheduler_every="step", epochs=2,
        batch_size=12, accumulate=2, clip=1e-6,
    )  # fmt: skip
    assert [e.learning_rate for e in history.epochs] == [0.5**2, 0.5**4]


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_sixteen_bits_train_nearly_as_well(data, precision):
    band = RateBand(low=0 * Hz, high=200 * Hz, dt=1 * ms, weight=0.1)
    nets = [spiking(), spiking()]
    full = train(nets[0], data, epochs=15, regularisers=[band])
    short = train(nets[1], data, epochs=15, precision=precision, regularisers=[band])
    assert {p.dtype for p in nets[1].parameters()} == {torch.float32}
    assert not torch.equal(weights(nets[0]), weights(nets[1]))
    assert short.epochs[0].loss == pytest.approx(full.epochs[0].loss, rel=0.05)
    assert short.best_epoch.validation_accuracy >= full.best_epoch.validation_accuracy - 0.1


def test_neurons_keep_float32_states_and_pass_spikes_on_in_16_bits():
    layer, read = LIF(), LeakyIntegrator()
    x = 3 * torch.rand(20, 2, 5)
    with torch.autocast("cpu", torch.bfloat16):
        y, state = layer(x.bfloat16())
        v, _ = read(y)
    same, state_of_same = layer(x.bfloat16().float())
    assert y.dtype == torch.bfloat16 and v.dtype == torch.float32
    assert torch.equal(y.float(), same) and torch.equal(state["v"], state_of_same["v"])


def test_a_moderate_loss_scale_changes_nothing_but_rounding(data):
    """float16 gradients are those of the loss, not of the loss times its scale."""
    nets = [spiking(), spiking()]
    for net, precision in zip(nets, ("full", "float16"), strict=True):
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        train(net, data, optimizer=optimizer, precision=precision, epochs=1, clip=0.5)
    torch.testing.assert_close(weights(nets[1]), weights(nets[0]), rtol=0.02, atol=2e-3)


@dataclass(frozen=True)
class Narrow:
    """An encoder on a machine that holds so many samples."""

    holds: int

    def __call__(self, x: Tensor, draw: int = 0) -> Tensor:
        if len(x) > self.holds:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
        return x.expand(4, *x.shape)


def test_a_batch_too_large_names_the_largest_that_fits(data):
    net = spiking()
    before = weights(net)
    with pytest.raises(EngineError, match="batch of 32 samples does not fit into memory; 13 do"):
        train(net, data, encode=Narrow(13), batch_size=32)
    assert torch.equal(weights(net), before)
    with pytest.raises(EngineError, match="nor does a single sample") as caught:
        train(net, data, encode=Narrow(0), batch_size=4)
    assert "rule=BPTT(chunk=...)" in str(caught.value)
    train(net, data, encode=Narrow(13), batch_size=11, accumulate=3, validation=None)


def test_other_errors_are_not_taken_for_full_memory(data):
    def broken(x: Tensor, draw: int = 0) -> Tensor:
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        train(spiking(), data, encode=broken)


def test_no_step_is_taken_on_a_loss_that_is_no_number(data):
    net = spiking()

    @dataclass(frozen=True)
    class Poison:
        readout: MembraneMean = MembraneMean()

        def __call__(self, y: Tensor, targets: Tensor) -> Tensor:
            return y.sum() * float("nan")

    before = copy.deepcopy(net)
    with pytest.raises(NumericsError, match="loss is nan"):
        train(net, data, loss=Poison())
    assert torch.equal(weights(net), weights(before))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"accumulate": 0}, "accumulate must be a whole number >= 1"),
        ({"precision": "half"}, "precision must be 'full', 'bfloat16' or 'float16', got 'half'"),
        ({"average": 1.0}, "average must be between 0 and 1, got 1.0"),
        ({"scheduler_every": "batch"}, "scheduler_every must be 'epoch' or 'step'"),
    ],
)
def test_bad_options_say_what_was_expected(data, options, words):
    with pytest.raises(ParameterError, match=words):
        train(spiking(), data, **options)


def test_a_schedule_that_reads_the_validation_cannot_step_with_every_update(data):
    net = spiking()
    optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    with pytest.raises(ParameterError, match="ReduceLROnPlateau looks at the validation"):
        train(net, data, optimizer=optimizer, scheduler=schedule, scheduler_every="step")


def test_float16_needs_a_rule_with_a_loss_to_scale(data):
    class Other(BPTT):
        pass

    class Rule:
        def gradients(self, *args):
            return BPTT().gradients(*args)

    train(nn.Sequential(nn.Linear(6, 3)), data, loss=CrossEntropy(Direct()), encode=None, epochs=1)
    with pytest.raises(ParameterError, match="float16 needs a loss that can be scaled"):
        train(spiking(), data, rule=Rule(), precision="float16")
