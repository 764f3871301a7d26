"""One file with tensors, JSON and a checksum: safetensors, so that nothing in it is executed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from spikeloom.errors import CheckpointError
from spikeloom.files import write_file

FORMAT = 1
"""Version of the layout; raised when an older program could misread a file."""


def write_bundle(
    path: Path, kind: str, tensors: Mapping[str, Tensor], record: Mapping[str, Any]
) -> None:
    """Write tensors and a JSON record to one file, whole or not at all.

    Arguments:
        path: The file.
        kind: What it is, such as ``"checkpoint"``; a reader asks for the same.
        tensors: Named tensors.
        record: JSON-ready values.

    Raises:
        StorageError: It cannot be written; an old file stays as it was.
    """
    solid = {name: value.detach().contiguous().clone() for name, value in tensors.items()}
    text = json.dumps(record, sort_keys=True)
    # One entry only: safetensors writes several in an order that changes from run to run.
    about = {
        "kind": kind,
        "format": FORMAT,
        "record": text,
        "sha256": _checksum(kind, solid, text),
    }
    write_file(path, save(solid, {"spikeloom": json.dumps(about)}))


def read_bundle(path: Path, kind: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a file of `write_bundle` and check that it is whole.

    Arguments:
        path: The file.
        kind: What it must be.

    Returns:
        Tensors and record.

    Raises:
        CheckpointError: Missing, cut short, damaged, of another kind or of another version.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(
            f"{path}: cannot read the {kind} ({error.strerror}).",
            hint="check that the file is there and may be read; a run writes it when it saves",
        ) from error
    try:
        tensors = load(content)
        metadata = _metadata(content)
    except (
        SafetensorError,
        ValueError,
        KeyError,
        OverflowError,
        TypeError,
        RecursionError,
    ) as error:
        raise _damaged(path, kind) from error
    if metadata.get("kind") != kind:
        raise CheckpointError(
            f"{path}: this is no {kind} file of spikeloom.",
            hint="give the folder that a training run wrote",
        )
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            f"{path}: format {metadata.get('format')!r}, this version reads {FORMAT}.",
            hint="read it with the version of spikeloom that wrote it, or train again",
        )
    text = metadata.get("record", "")
    if metadata.get("sha256") != _checksum(kind, tensors, text):
        raise _damaged(path, kind)
    try:
        return tensors, json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, kind) from error


def _damaged(path: Path, kind: str) -> CheckpointError:
    return CheckpointError(
        f"{path}: the {kind} file is damaged or cut short.",
        hint="restore the file from a copy, or delete it and train again",
    )


def _metadata(content: bytes) -> dict[str, Any]:
    """The text part of a safetensors file; `load` gives only the tensors."""
    size = int.from_bytes(content[:8], "little")
    text = (json.loads(content[8 : 8 + size]).get("__metadata__") or {}).get("spikeloom", "{}")
    return dict(json.loads(text))


def _checksum(kind: str, tensors: Mapping[str, Tensor], text: str) -> str:
    digest = hashlib.sha256(f"{kind}\n{text}\n".encode())
    for name in sorted(tensors):
        value = tensors[name].cpu().contiguous()
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        if value.numel():
            digest.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
