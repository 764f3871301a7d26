"""A spiking network as a module of PyTorch Lightning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from spikeloom.nn.encode import Encoder
from spikeloom.nn.loss import Loss, Regulariser
from spikeloom.train.loop.step import Objective

Make = Callable[[Iterable[nn.Parameter]], Optimizer]


class LightningNet(LightningModule):
    """Network, encoder and loss for ``lightning.Trainer``; any device, DDP and logger of Lightning.

    A batch is a pair (inputs, targets), or (inputs, targets, lengths) with the valid steps of each
    recording. Logged: ``train_loss``, ``train_accuracy`` and the like for ``val`` and ``test``.
    State lives inside a call of the network, so nothing has to be reset between batches. Draws of
    the encoder are keyed by the step of the trainer.

    Arguments:
        net: Spiking or plain network.
        loss: Such as ``CrossEntropy(MembraneMean())``.
        encode: How a sample becomes a run in time; for spiking networks.
        optimizer: Makes the optimiser from the parameters; None is AdamW with 1e-3.
        regularisers: Such as ``RateBand(...)``.

    >>> import lightning, torch
    >>> from spikeloom.nn import LIF, Sequential
    >>> from spikeloom.nn.encode import ConstantCurrent
    >>> from spikeloom.nn.loss import CrossEntropy
    >>> from spikeloom.nn.readout import Count
    >>> net = Sequential(nn.Linear(4, 2), LIF())
    >>> module = LightningNet(net, CrossEntropy(Count()), ConstantCurrent(steps=5))
    >>> loss = module.training_step((torch.rand(3, 4), torch.tensor([0, 1, 1])), 0)
    >>> loss.requires_grad
    True
    """

    def __init__(
        self,
        net: nn.Module,
        loss: Loss,
        encode: Encoder | None = None,
        *,
        optimizer: Make | None = None,
        regularisers: Sequence[Regulariser] = (),
    ) -> None:
        super().__init__()
        self.net = net
        self.objective = Objective(net, loss, encode, tuple(regularisers))
        self._make = optimizer

    def forward(self, x: Tensor) -> Tensor:
        """Scores (batch, classes) of samples (batch, *features)."""
        return self.objective.loss.readout(self.objective.outputs(x, 0))

    def training_step(self, batch: Any, index: int) -> Tensor:
        """Loss of one batch, with regularisers."""
        return self._step("train", batch, self.global_step)

    def validation_step(self, batch: Any, index: int) -> Tensor:
        """Loss of one batch."""
        return self._step("val", batch, -1 - index)

    def test_step(self, batch: Any, index: int) -> Tensor:
        """Loss of one batch."""
        return self._step("test", batch, -1 - index)

    def configure_optimizers(self) -> Optimizer:
        """The optimiser that was asked for."""
        return AdamW(self.parameters()) if self._make is None else self._make(self.parameters())

    def _step(self, part: str, batch: Any, draw: int) -> Tensor:
        inputs, targets, *rest = batch
        task = self.objective.ending(rest[0] if rest else None)
        loss, y = task(inputs, targets, draw)
        right = task.correct(y, targets)
        count = len(targets)
        self.log(f"{part}_loss", loss, prog_bar=True, batch_size=count)
        if right is not None:
            self.log(f"{part}_accuracy", right / count, prog_bar=True, batch_size=count)
        return loss
