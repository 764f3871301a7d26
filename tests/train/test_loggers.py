"""TensorBoard and Lightning: what they are told."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from spikeloom.equations.units import Hz, ms
from spikeloom.errors import ConfigError
from spikeloom.nn import LIF, LeakyIntegrator, Sequential, scale_to_rate
from spikeloom.nn.encode import ConstantCurrent, Rate
from spikeloom.nn.loss import CrossEntropy
from spikeloom.nn.readout import MembraneMean
from spikeloom.train import TensorBoard, fit

LOSS = CrossEntropy(MembraneMean())


def spiking() -> Sequential:
    torch.manual_seed(0)
    net = Sequential(nn.Linear(6, 24), LIF(), nn.Linear(24, 3), LeakyIntegrator())
    scale_to_rate(net, torch.rand(8, 20, 6), 150 * Hz, 1 * ms)
    return net


def test_tensorboard_reads_what_fit_returned(data, tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    net = spiking()
    board = TensorBoard(tmp_path / "board", net)
    history = fit(
        net, data, loss=LOSS, optimizer=torch.optim.Adam(net.parameters(), lr=0.01), epochs=3,
        encode=ConstantCurrent(4), callbacks=[board], show="quiet",
    )  # fmt: skip
    board.close()
    seen = accumulator.EventAccumulator(str(tmp_path / "board")).Reload()
    read = {name: [e.value for e in seen.Scalars(name)] for name in seen.Tags()["scalars"]}
    assert read["loss/training"] == pytest.approx([e.loss for e in history.epochs])
    want = [e.validation_accuracy for e in history.epochs]
    assert read["accuracy/validation"] == pytest.approx(want)
    assert [e.step for e in seen.Scalars("learning rate")] == [1, 2, 3]
    assert "linear1/weight" in seen.Tags()["histograms"]


def test_without_tensorboard_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard.writer", None)
    with pytest.raises(ConfigError, match="not installed") as caught:
        TensorBoard(tmp_path)
    assert "spikeloom[tensorboard]" in str(caught.value)


@pytest.mark.filterwarnings("ignore")
def test_lightning_trains_a_spiking_network(data, tmp_path):
    lightning = pytest.importorskip("lightning.pytorch")
    from spikeloom.train.guests.lightning import LightningNet

    net = spiking()
    module = LightningNet(
        net, LOSS, ConstantCurrent(6), optimizer=lambda p: torch.optim.Adam(p, lr=0.02)
    )
    loader = DataLoader(TensorDataset(*data), batch_size=12, shuffle=True)
    trainer = lightning.Trainer(
        max_epochs=12, accelerator="cpu", logger=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=tmp_path, enable_checkpointing=False,
    )  # fmt: skip
    trainer.fit(module, loader, loader)
    assert float(trainer.callback_metrics["val_accuracy"]) > 0.9
    assert module(data[0]).argmax(1).shape == (60,)


def test_a_network_inside_ddp_has_the_gradients_of_one_alone(data, tmp_path):
    """With one process, where DDP's hooks run all the same."""
    dist = pytest.importorskip("torch.distributed")
    store = f"file://{tmp_path / 'store'}"
    dist.init_process_group("gloo", init_method=store, rank=0, world_size=1)
    try:
        grads = []
        for wrap in (lambda n: n, nn.parallel.DistributedDataParallel):
            net = spiking()
            y, _ = wrap(net)(Rate(5)(data[0]))
            LOSS(y, data[1]).backward()
            grads.append([p.grad.clone() for p in net.parameters()])
        for alone, wrapped in zip(*grads, strict=True):
            assert torch.equal(alone, wrapped)
    finally:
        dist.destroy_process_group()
