"""The whole state of a network in one file that is never half-written, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from spikeloom.errors import CheckpointError
from spikeloom.files import write_file

Array = np.ndarray[Any, np.dtype[Any]]
FORMAT = 2
KIND = "network state"


@dataclass(frozen=True, eq=False)
class Saved:
    """A state, and what belongs to it.

    Arguments:
        arrays: The state of the engine.
        parts: From `identity`.
        sums: From `sums`.
        seed: Of the random numbers of the run.
        changes: How many values have been set.
    """

    arrays: dict[str, Array]
    parts: Mapping[str, str]
    sums: Sequence[Sequence[int]]
    seed: int
    changes: int


def save_state(path: Path, saved: Saved) -> None:
    """Write a state with all that says which network it belongs to.

    Raises:
        StorageError: It cannot be written; an older file stays as it was.
    """
    from safetensors.numpy import save

    arrays = saved.arrays
    solid = {name: np.ascontiguousarray(np.atleast_1d(value)) for name, value in arrays.items()}
    about = {
        "kind": KIND,
        "format": FORMAT,
        "version": _version(),
        "parts": list(saved.parts.items()),
        "sums": [list(each) for each in saved.sums],
        "seed": saved.seed,
        "changes": saved.changes,
        "shapes": {name: list(np.shape(value)) for name, value in arrays.items()},
        "sha256": _checksum(solid),
    }
    write_file(path, save(solid, {"spikeloom": json.dumps(about, sort_keys=True)}))


def load_state(path: Path) -> Saved:
    """Read a file of `save_state`.

    Raises:
        CheckpointError: Missing, damaged, or of another version.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror}).") from error
    try:
        size = int.from_bytes(content[:8], "little")
        head = json.loads(content[8 : 8 + size]).get("__metadata__") or {}
        about = json.loads(head.get("spikeloom", "{}"))
        arrays = load(content)
    except (SafetensorError, ValueError, KeyError, OverflowError, TypeError) as error:
        raise CheckpointError(f"{path}: the file is damaged or cut short.") from error
    if about.get("kind") != KIND:
        raise CheckpointError(
            f"{path}: this is no state of a network.", hint="give a file of net.checkpoint(…)"
        )
    if about.get("format") != FORMAT:
        raise CheckpointError(
            f"{path}: written in format {about.get('format')!r} by spikeloom "
            f"{about.get('version', 'of an older version')}; this version, {_version()}, reads "
            f"format {FORMAT}.",
            hint="restore it with the version that wrote it",
        )
    if about.get("sha256") != _checksum(arrays):
        raise CheckpointError(f"{path}: the file is damaged: its checksum does not match.")
    state = {name: arrays[name].reshape(shape) for name, shape in about["shapes"].items()}
    return Saved(state, dict(about["parts"]), about["sums"], about["seed"], about["changes"])


def check_same(path: Path, saved: Saved, parts: Mapping[str, str], own: Any) -> None:
    """Refuse a state of another network, and say what is different.

    Raises:
        CheckpointError: With the first part that is.
    """
    hint = "make the network and net.set(…) its values as they were when the file was written"
    for name in saved.parts:
        if name not in parts:
            raise CheckpointError(
                f"{path}: it was written by another network; this one has no {name}.", hint=hint
            )
        if saved.parts[name] != parts[name]:
            raise CheckpointError(
                f"{path}: it was written by another network; {name} is not the same here.",
                hint=hint,
            )
    for name in parts:
        if name not in saved.parts:
            raise CheckpointError(
                f"{path}: it was written by another network, which had no {name}.",
                hint="restore first, and add to the network then",
            )
    if list(parts) != list(saved.parts):
        raise CheckpointError(
            f"{path}: it was written by another network; its parts were made in another order."
        )
    if [list(each) for each in own] != [list(each) for each in saved.sums]:
        raise CheckpointError(
            f"{path}: the same connections have other synapses here.",
            hint=f"this is spikeloom {_version()}; an older version may have drawn them otherwise",
        )


def _version() -> str:
    try:
        return version("spikeloom")
    except PackageNotFoundError:
        return "unknown"


def _checksum(arrays: dict[str, Array]) -> str:
    total = hashlib.sha256()
    for name in sorted(arrays):
        value = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {value.dtype} {value.shape}\n".encode())
        total.update(value.data)
    return total.hexdigest()
