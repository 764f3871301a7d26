"""The whole state of a training run, in one file that is never half-written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from spikeloom.errors import CheckpointError
from spikeloom.train.loop.history import History
from spikeloom.train.loop.tally import Tally
from spikeloom.train.store.bundle import read_bundle, write_bundle
from spikeloom.train.store.tree import flatten, unflatten

FILE = "checkpoint.safetensors"


@dataclass
class Progress:
    """Where a run stands.

    Arguments:
        epoch: Number of finished epochs.
        step: Finished batches of the epoch after these.
        tally: Sums of that epoch so far.
        history: Finished epochs.
        stale: Epochs since the best one.
        best: Weights after the best epoch; empty before the first or without validation.
    """

    epoch: int = 0
    step: int = 0
    tally: Tally = field(default_factory=Tally)
    history: History = field(default_factory=History)
    stale: int = 0
    best: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Reads and writes the state of one run.

    Arguments:
        folder: Where ``checkpoint.safetensors`` stands.
        net: Network whose weights are saved and restored.
        optimizer: Its state goes along.
        scheduler: Likewise, or None.
        settings: Whatever must be the same for a resumed run to end in the same bits.
        average: The moving average of the weights, or None.
        scaler: Of 16-bit gradients, or None.
    """

    folder: Path
    net: nn.Module
    optimizer: Optimizer
    scheduler: Any
    settings: Mapping[str, Any]
    average: nn.Module | None = None
    scaler: Any = None

    def save(self, at: Progress) -> None:
        """Write everything.

        Raises:
            StorageError: It cannot be written; the checkpoint before stays whole.
        """
        tensors: dict[str, Tensor] = {}
        record = {
            "settings": dict(self.settings),
            "net": flatten(dict(self.net.state_dict()), "net", tensors),
            "best": flatten(at.best, "best", tensors),
            "optimizer": flatten(self.optimizer.state_dict(), "optimizer", tensors),
            "scheduler": flatten(
                _state(self.scheduler),
                "scheduler",
                tensors,
            ),
            "average": flatten(_state(self.average), "average", tensors),
            "scaler": flatten(_state(self.scaler), "scaler", tensors),
            "epoch": at.epoch,
            "step": at.step,
            "tally": asdict(at.tally),
            "history": at.history.to_record(),
            "stale": at.stale,
        }
        write_bundle(self.folder / FILE, "checkpoint", tensors, record)

    def load(self) -> Progress:
        """Restore network, optimiser and scheduler, and say where the run stood.

        Raises:
            CheckpointError: Missing, damaged, or of a run with other settings.
        """
        path = self.folder / FILE
        tensors, record = read_bundle(path, "checkpoint")
        try:
            self._compare(path, record["settings"])
            self.net.load_state_dict(unflatten(record["net"], tensors))
            self.optimizer.load_state_dict(unflatten(record["optimizer"], tensors))
            for name in ("scheduler", "average", "scaler"):
                if (part := getattr(self, name)) is not None:
                    part.load_state_dict(unflatten(record[name], tensors))
            return Progress(
                record["epoch"],
                record["step"],
                Tally(**record["tally"]),
                History.from_record(record["history"]),
                record["stale"],
                unflatten(record["best"], tensors),
            )
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            if isinstance(error, CheckpointError):
                raise
            raise CheckpointError(
                f"{path}: the checkpoint does not fit this network or optimiser ({error}).",
                hint="resume with the same network, optimiser and scheduler",
            ) from error

    def _compare(self, path: Path, before: Mapping[str, Any]) -> None:
        for name, now in self.settings.items():
            if before.get(name) != now:
                raise CheckpointError(
                    f"{path}: the run was started with {name} = {before.get(name)!r}, "
                    f"now it is {now!r}.",
                    hint="resume with the same settings, or start a new run in another folder",
                )


def _state(part: Any) -> Any:
    return None if part is None else dict(part.state_dict())
