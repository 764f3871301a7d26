"""What happened in each epoch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

ChooseBy: TypeAlias = Literal["accuracy", "macro_f1", "loss"]
"""What the best epoch is best at, on validation data."""
CHOOSE_BY: tuple[ChooseBy, ...] = ("accuracy", "macro_f1", "loss")


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
        validation_macro_f1: Mean of the F1 of the classes, if that chooses the epoch.
        choose_by: What chooses the epoch: accuracy, macro-F1, or the loss alone.

    >>> epoch = Epoch(1, 0.5, 0.8, 0.4, 0.9, 1e-3)
    >>> print(epoch)
    epoch 1: loss 0.5000  validation 90.0 %
    >>> epoch.score
    (0.9, -0.4)
    """

    number: int
    loss: float
    accuracy: float | None
    validation_loss: float | None
    validation_accuracy: float | None
    learning_rate: float
    validation_macro_f1: float | None = None
    choose_by: ChooseBy = "accuracy"

    @property
    def score(self) -> tuple[float, float] | None:
        """The larger the better: what chooses the epoch, then loss; None without validation."""
        if self.validation_loss is None:
            return None
        if self.choose_by == "loss":
            return (0.0, -self.validation_loss)
        by_class = self.choose_by == "macro_f1"
        first = self.validation_macro_f1 if by_class else self.validation_accuracy
        return (first or 0.0, -self.validation_loss)

    @property
    def figures(self) -> str:
        """Loss and validation in a few words."""
        text = f"loss {self.loss:.4f}"
        if self.validation_macro_f1 is not None:
            return f"{text}  validation macro-F1 {100 * self.validation_macro_f1:.1f} %"
        if self.validation_accuracy is not None:
            return f"{text}  validation {100 * self.validation_accuracy:.1f} %"
        if self.validation_loss is not None:
            return f"{text}  validation loss {self.validation_loss:.4f}"
        return text

    def __str__(self) -> str:
        return f"epoch {self.number}: {self.figures}"


@dataclass(repr=False)
class History:
    """Epochs of one training run, and how it ended.

    Arguments:
        epochs: One entry for each finished epoch.
        best: Number of the epoch whose weights were kept, or None before the first.
        stopped: Why it ended: ``"epochs"`` (all done), ``"patience"`` (no better for a while),
            ``"callback"`` (a callback said so) or ``""`` (not yet).

    >>> History([Epoch(1, 0.5, 0.8, 0.4, 0.9, 1e-3)], best=1, stopped="epochs")
    History: 1 epoch, stopped by 'epochs'; best: epoch 1: loss 0.5000  validation 90.0 %
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

    def __repr__(self) -> str:
        count = f"{len(self)} epoch{'' if len(self) == 1 else 's'}"
        text = f"History: {count}" + (f", stopped by {self.stopped!r}" if self.stopped else "")
        return f"{text}; best: {self.best_epoch}" if self.epochs else text

    def to_record(self) -> dict[str, Any]:
        """As JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> History:
        """The inverse of `to_record`."""
        return cls([Epoch(**e) for e in record["epochs"]], record["best"], record["stopped"])
