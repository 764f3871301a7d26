"""Nested state (of optimisers, schedulers) as JSON and a flat set of tensors, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from spikeloom.errors import CheckpointError


def flatten(value: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    """Turn nested dicts, lists and tuples into plain JSON; tensors go into ``tensors`` by path.

    Arguments:
        value: What to store: also None, bool, int, float and str.
        path: Name of the place, the start of every tensor's name.
        tensors: Receives the tensors.

    Returns:
        A JSON value that `unflatten` reads back.

    Raises:
        CheckpointError: Something that is neither data nor a container of data.

    >>> box: dict[str, Tensor] = {}
    >>> plain = flatten({"lr": 0.1, 0: (torch.ones(2), None)}, "opt", box)
    >>> sorted(box), unflatten(plain, box)["lr"]
    (['opt.0.0'], 0.1)
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Tensor):
        tensors[path] = value.detach()
        return {"tensor": path}
    if isinstance(value, Mapping):
        items = [[key, flatten(item, f"{path}.{key}", tensors)] for key, item in value.items()]
        if all(isinstance(key, str | int) for key, _ in items):
            return {"map": items}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [flatten(v, f"{path}.{i}", tensors) for i, v in enumerate(value)]}
    raise CheckpointError(
        f"{path}: a checkpoint can hold numbers, text and tensors, not {type(value).__name__}.",
        hint="use an optimiser or scheduler whose state_dict() is plain data",
    )


def unflatten(plain: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The inverse of `flatten`.

    Raises:
        CheckpointError: The text does not fit the tensors.
    """
    if not isinstance(plain, dict):
        return plain
    ((kind, content),) = plain.items()
    if kind == "tensor":
        if content not in tensors:
            raise CheckpointError(f"checkpoint: tensor {content!r} is missing.")
        return tensors[content]
    if kind == "map":
        return {key: unflatten(item, tensors) for key, item in content}
    if kind == "list":
        return [unflatten(item, tensors) for item in content]
    if kind == "tuple":
        return tuple(unflatten(item, tensors) for item in content)
    raise CheckpointError(f"checkpoint: unknown kind of value {kind!r}.")


def copy_into(target: dict[str, Tensor], source: Mapping[str, Tensor]) -> None:
    """Overwrite tensors in place, so that no new memory is needed."""
    with torch.no_grad():
        for name, value in source.items():
            target[name].copy_(value)
