"""Running sums of loss and hits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Tally:
    """Sums over samples; plain numbers, so that a checkpoint holds them exactly.

    >>> tally = Tally()
    >>> tally.add(0.5, 3, 4)
    >>> tally.loss, tally.accuracy
    (0.5, 0.75)
    """

    loss_sum: float = 0.0
    hits: int = 0
    seen: int = 0
    labelled: bool = True

    def add(self, loss: float, hits: int | None, count: int) -> None:
        """Count one batch with its mean loss."""
        self.loss_sum += loss * count
        self.seen += count
        self.labelled = self.labelled and hits is not None
        self.hits += hits or 0

    @property
    def loss(self) -> float:
        """Mean loss of a sample."""
        return self.loss_sum / max(self.seen, 1)

    @property
    def accuracy(self) -> float | None:
        """Share of hits, or None without labels."""
        return self.hits / max(self.seen, 1) if self.labelled else None
