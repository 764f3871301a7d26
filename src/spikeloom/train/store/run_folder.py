"""The folder of a training run: what stands in it, and who may write to it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from spikeloom.errors import CheckpointError, ParameterError, SpikeloomError, StorageError
from spikeloom.files import hold_folder, make_folder, storage_error, write_file
from spikeloom.train.recipes.recipe import Recipe
from spikeloom.train.store.bundle import read_bundle, write_bundle
from spikeloom.train.store.toml import to_toml

FORMAT = 1
KIND = "training run"


def check_seeds(seeds: Sequence[int]) -> None:
    """Raise `ParameterError` unless these are whole numbers, one at least, none of them twice."""
    whole = all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in seeds)
    if not seeds or not whole or len(set(seeds)) != len(seeds):
        raise ParameterError(
            f"seeds must be whole numbers >= 0, at least one and each only once, got {list(seeds)}."
        )


@dataclass(frozen=True)
class RunFolder:
    """``config.toml``, ``metrics.json``, ``weights.safetensors`` and a folder for each seed.

    Arguments:
        path: The folder.
        writes: Whether this process writes to it. Of several, only the first one does; for the
            others `hold`, `start` and `finish` do nothing.
    """

    path: Path
    writes: bool = True

    @property
    def config(self) -> Path:
        """Enough to repeat the run."""
        return self.path / "config.toml"

    @property
    def metrics(self) -> Path:
        """Figures; written last, so that it marks a finished run."""
        return self.path / "metrics.json"

    @property
    def weights(self) -> Path:
        """The network, for `load_run`."""
        return self.path / "weights.safetensors"

    def hold(self) -> AbstractContextManager[None]:
        """Keep other programs out, see `hold_folder`."""
        return hold_folder(self.path) if self.writes else nullcontext()

    def part(self, seed: int, kind: str) -> Path:
        """Where one training of the run keeps its checkpoint."""
        return self.path / f"seed-{seed}" / kind

    def start(
        self,
        recipe: Recipe,
        seeds: Sequence[int],
        extra: Mapping[str, Any],
        *,
        overwrite: bool = False,
    ) -> None:
        """Make the folder and write its configuration.

        Arguments:
            recipe: What is trained.
            seeds: Which seeds.
            extra: Further settings to note, such as where the data were read.
            overwrite: Replace an earlier run in the same folder.

        Raises:
            StorageError: Not writable, or something else stands there.
        """
        if not self.writes:
            return
        self._check_free(overwrite)
        make_folder(self.path)
        # The report of the run before would tell lies about this one until the end.
        report = (self.path / "report.html", *self.path.glob("figures/*.png"))
        parts = self.path.glob("seed-*/*/checkpoint.safetensors")
        for old in (self.metrics, self.weights, *report, *parts):
            try:
                old.unlink(missing_ok=True)
            except OSError as error:
                raise storage_error(old, error) from error
        record = {
            "kind": KIND,
            "format": FORMAT,
            "seeds": list(seeds),
            **extra,
            "recipe": recipe.to_record(),
        }
        text = to_toml(record, "A training run of spikeloom; everything needed to repeat it.")
        write_file(self.config, text)

    def read_config(self) -> tuple[Recipe, list[int], dict[str, Any]]:
        """Recipe, seeds and further settings of the run that stands here.

        Raises:
            CheckpointError: No run, a damaged one, or one of another version.
        """
        try:
            record = tomllib.loads(self.config.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise CheckpointError(
                f"{self.path}: this is no folder of a training run, it has no config.toml.",
                hint="give the folder that was named with --out",
            ) from error
        except (OSError, ValueError, RecursionError) as error:  # among them: no TOML, no UTF-8
            raise CheckpointError(
                f"{self.config}: cannot be read ({error}).",
                hint="restore the file from a copy, or train again into another folder",
            ) from error
        if record.pop("kind", None) != KIND:
            raise CheckpointError(
                f"{self.config}: this is not the configuration of a training run."
            )
        version = record.pop("format", None)
        if version != FORMAT or isinstance(version, bool):
            raise CheckpointError(
                f"{self.config}: format {version!r}, this version reads {FORMAT}.",
                hint="use the version of spikeloom that wrote it, or train again",
            )
        table, seeds = record.pop("recipe", None), record.pop("seeds", None)
        if not isinstance(table, dict) or not isinstance(seeds, list):
            raise CheckpointError(
                f"{self.config}: it needs a table [recipe] and a list of seeds.",
                hint="restore the file from a copy, or train again into another folder",
            )
        try:
            check_seeds(seeds)
            return Recipe.from_record(table), seeds, record
        except SpikeloomError as error:
            raise CheckpointError(f"{self.config}: {error.message}", hint=error.hint) from error

    def finish(
        self, metrics: Mapping[str, Any], tensors: Mapping[str, Tensor], record: Mapping[str, Any]
    ) -> None:
        """Write weights, then metrics.

        Raises:
            StorageError: It cannot be written; nothing is left half-written.
        """
        if not self.writes:
            return
        write_bundle(self.weights, "weights", tensors, record)
        write_file(self.metrics, json.dumps(metrics, indent=2) + "\n")

    def read_weights(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors and description of the trained network.

        Raises:
            CheckpointError: Missing, damaged or of another version.
        """
        if not self.path.is_dir():
            raise CheckpointError(f"{self.path}: there is no such folder.")
        if not self.weights.exists():
            begun = self.config.is_file()
            raise CheckpointError(
                f"{self.path}: "
                + ("the run there is not finished." if begun else "holds no training run."),
                hint=f"go on with it: spikeloom train --resume {self.path}"
                if begun
                else "give the folder that was named with --out",
            )
        return read_bundle(self.weights, "weights")

    def _check_free(self, overwrite: bool) -> None:
        try:
            if not self.path.exists():
                return
            if not self.path.is_dir():
                raise StorageError(
                    f"cannot write {self.path}: a file stands there.", hint="choose another folder"
                )
            empty = not any(self.path.iterdir())
            ours = self.config.is_file() and f'kind = "{KIND}"' in self.config.read_text("utf-8")
        except StorageError:
            raise
        except (OSError, UnicodeDecodeError) as error:
            raise StorageError(
                f"cannot use {self.path}: {error}.", hint="choose another folder"
            ) from error
        if empty or (ours and overwrite):
            return
        if ours:
            raise StorageError(
                f"{self.path} holds a training run already.",
                hint="go on with it (--resume), or choose another folder (--out)",
            )
        raise StorageError(
            f"{self.path} is not empty and holds no training run; it is left alone.",
            hint="choose a new or empty folder",
        )
