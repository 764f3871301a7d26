"""Running sums of loss and hits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from spikeloom.train.loop.processes import Processes


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
    table: list[list[int]] = field(default_factory=list)

    def add(self, loss: float, hits: int | None, count: int) -> None:
        """Count one batch with its mean loss."""
        self.loss_sum += loss * count
        self.seen += count
        self.labelled = self.labelled and hits is not None
        self.hits += hits or 0

    def note(self, table: Sequence[Sequence[int]]) -> None:
        """Add counts of true (row) and chosen (column) classes."""
        before = self.table or [[0] * len(row) for row in table]
        self.table = [
            [a + b for a, b in zip(old, new, strict=True)]
            for old, new in zip(before, table, strict=True)
        ]

    def of_all(self, processes: Processes) -> Tally:
        """The sums of several processes together, the same in each."""
        total = Tally()
        for part in processes.gather(self):
            total.loss_sum += part.loss_sum
            total.hits += part.hits
            total.seen += part.seen
            total.labelled = total.labelled and part.labelled
            if part.table:
                total.note(part.table)
        return total

    @property
    def loss(self) -> float:
        """Mean loss of a sample."""
        return self.loss_sum / max(self.seen, 1)

    @property
    def accuracy(self) -> float | None:
        """Share of hits, or None without labels."""
        return self.hits / max(self.seen, 1) if self.labelled else None
