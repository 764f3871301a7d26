"""Figures of each epoch for TensorBoard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from spikeloom.errors import ConfigError
from spikeloom.files import make_folder
from spikeloom.train.loop.history import Epoch


class TensorBoard:
    """A callback of `fit` that writes what TensorBoard shows.

    Scalars: ``loss/training``, ``loss/validation``, ``accuracy/training``, ``accuracy/validation``,
    ``learning rate``; with a network, a histogram of each of its parameters. The number of an epoch
    is the step, so that a resumed run goes on where it was.

    Arguments:
        folder: Where the event files go; ``tensorboard --logdir FOLDER`` shows them.
        net: Network whose parameters become histograms, or None.

    Raises:
        ConfigError: TensorBoard is not installed.
        StorageError: The folder cannot be written.

    Example, as an argument of `fit`: ``callbacks=[TensorBoard("runs/first/board", net)]``.

    >>> from tempfile import mkdtemp
    >>> board = TensorBoard(mkdtemp())
    >>> board(Epoch(1, 0.5, 0.8, 0.4, 0.9, 1e-3))
    >>> board.close()
    """

    def __init__(self, folder: str | Path, net: nn.Module | None = None) -> None:
        try:
            from torch.utils.tensorboard.writer import SummaryWriter
        except ImportError as error:
            raise ConfigError(
                "TensorBoard is not installed.", hint="pip install 'spikeloom[tensorboard]'"
            ) from error
        make_folder(Path(folder))
        self._writer: Any = SummaryWriter(str(folder))
        self._net = net

    def __call__(self, epoch: Epoch) -> None:
        """Write the figures of one epoch, at once."""
        figures = {
            "loss/training": epoch.loss,
            "loss/validation": epoch.validation_loss,
            "accuracy/training": epoch.accuracy,
            "accuracy/validation": epoch.validation_accuracy,
            "learning rate": epoch.learning_rate,
        }
        for name, value in figures.items():
            if value is not None:
                self._writer.add_scalar(name, value, epoch.number)
        for name, weight in self._net.named_parameters() if self._net is not None else ():
            self._writer.add_histogram(name.replace(".", "/"), weight.detach(), epoch.number)
        self._writer.flush()

    def close(self) -> None:
        """Close the event file; `fit` does not, so that a callback may serve several runs."""
        self._writer.close()
