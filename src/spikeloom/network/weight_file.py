"""The weights of a connection in a file, and back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from spikeloom.errors import CheckpointError
from spikeloom.files import write_file

Array = np.ndarray[Any, np.dtype[Any]]
KIND, FORMAT = "synaptic weights", 1


def save(path: Path, weights: Array, sources: Array, targets: Array, unit: str) -> Path:
    """Write weights with all that says which synapses they belong to."""
    from safetensors.numpy import save as pack

    about = {"kind": KIND, "format": FORMAT, "unit": unit, "synapses": _graph(sources, targets)}
    content = {"weights": np.ascontiguousarray(weights)}
    return write_file(path, pack(content, {"spikeloom": json.dumps(about, sort_keys=True)}))


def load(path: Path, sources: Array, targets: Array, unit: str) -> Array:
    """Read weights of the same synapses in the same unit.

    Raises:
        CheckpointError: Missing, damaged, of another kind, or of other synapses.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as unpack

    try:
        content = path.read_bytes()
        size = int.from_bytes(content[:8], "little")
        head = json.loads(content[8 : 8 + size]).get("__metadata__") or {}
        about = json.loads(head.get("spikeloom", "{}"))
        arrays = unpack(content)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror}).") from error
    except (SafetensorError, ValueError, KeyError, OverflowError, TypeError) as error:
        raise CheckpointError(f"{path}: the file is damaged or cut short.") from error
    if about.get("kind") != KIND or "weights" not in arrays:
        raise CheckpointError(f"{path}: these are no weights.", hint="give a file of save(…)")
    if about.get("format") != FORMAT:
        raise CheckpointError(
            f"{path}: format {about.get('format')!r}, this version reads {FORMAT}."
        )
    if about.get("synapses") != _graph(sources, targets):
        raise CheckpointError(
            f"{path}: the weights belong to other synapses.",
            hint="load them into a connection with the same rule, sizes and seed",
        )
    if about.get("unit") != unit:
        raise CheckpointError(f"{path}: the weights are in {about.get('unit')}, not in {unit}.")
    return arrays["weights"]


def _graph(sources: Array, targets: Array) -> str:
    total = hashlib.blake2b(digest_size=16)
    for array in (sources, targets):
        total.update(np.ascontiguousarray(array, "<i8").data)
    return total.hexdigest()
