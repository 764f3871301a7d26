"""What happened in each epoch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Epoch:
    """Figures of one epoch.

    Arguments:
        number: From 1.
        loss: Mean training loss over the epoch.
        accuracy: Share of training samples that were right as they came, or None.
        validation_loss: Loss on the validation samples after the epoch, or None.
        validation_accuracy: Share right on the validation samples, or None.
        learning_rate: Of the first parameter group at the end of the epoch.

    >>> Epoch(1, 0.5, 0.8, 0.4, 0.9, 1e-3).score
    (0.9, -0.4)
    """

    number: int
    loss: float
    accuracy: float | None
    validation_loss: float | None
    validation_accuracy: float | None
    learning_rate: float

    @property
    def score(self) -> tuple[float, float] | None:
        """The larger the better: validation accuracy, then loss; None without validation."""
        if self.validation_loss is None:
            return None
        return (self.validation_accuracy or 0.0, -self.validation_loss)


@dataclass
class History:
    """Epochs of one training run, and how it ended.

    Arguments:
        epochs: One entry for each finished epoch.
        best: Number of the epoch whose weights were kept, or None before the first.
        stopped: Why it ended: ``"epochs"`` (all done), ``"patience"`` (no better for a while)
            or ``""`` (not yet).

    >>> History([Epoch(1, 0.5, 0.8, 0.4, 0.9, 1e-3)], best=1).best_epoch.validation_accuracy
    0.9
    """

    epochs: list[Epoch] = field(default_factory=list)
    best: int | None = None
    stopped: str = ""

    def __iter__(self) -> Iterator[Epoch]:
        return iter(self.epochs)

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def best_epoch(self) -> Epoch:
        """The epoch whose weights were kept; the last one without validation."""
        return self.epochs[(self.best or len(self.epochs)) - 1]

    def to_record(self) -> dict[str, Any]:
        """As JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> History:
        """The inverse of `to_record`."""
        return cls([Epoch(**e) for e in record["epochs"]], record["best"], record["stopped"])
