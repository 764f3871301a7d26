"""The whole state of a network in one file that is never half-written, and back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from spikeloom.engines.network_plan import NetworkPlan
from spikeloom.errors import CheckpointError
from spikeloom.files import write_file

Array = np.ndarray[Any, np.dtype[Any]]
FORMAT = 1
KIND = "network state"


def save_state(path: Path, state: dict[str, Array], plan: NetworkPlan, dt: float) -> None:
    """Write arrays with all that says which network they belong to.

    Raises:
        StorageError: It cannot be written; an older file stays as it was.
    """
    from safetensors.numpy import save

    solid = {name: np.ascontiguousarray(np.atleast_1d(value)) for name, value in state.items()}
    about = {
        "kind": KIND,
        "format": FORMAT,
        "network": fingerprint(plan, dt),
        "shapes": {name: list(np.shape(value)) for name, value in state.items()},
        "sha256": _checksum(solid),
    }
    write_file(path, save(solid, {"spikeloom": json.dumps(about, sort_keys=True)}))


def load_state(path: Path, plan: NetworkPlan, dt: float) -> dict[str, Array]:
    """Read a file of `save_state`.

    Raises:
        CheckpointError: Missing, damaged, of another version or of another network.
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
            f"{path}: format {about.get('format')!r}, this version reads {FORMAT}."
        )
    if about.get("sha256") != _checksum(arrays):
        raise CheckpointError(f"{path}: the file is damaged: its checksum does not match.")
    if about.get("network") != fingerprint(plan, dt):
        raise CheckpointError(
            f"{path}: it was written by another network.",
            hint="restore into a network with the same populations, connections, dt and seed",
        )
    return {name: arrays[name].reshape(shape) for name, shape in about["shapes"].items()}


def fingerprint(plan: NetworkPlan, dt: float) -> str:
    """Equal for networks that go on in the same way from the same state."""
    total = hashlib.blake2b(digest_size=16)

    def put(*things: Any) -> None:
        for thing in things:
            if isinstance(thing, np.ndarray):
                total.update(f"{thing.dtype} {thing.shape}".encode())
                total.update(np.ascontiguousarray(thing).data)
            else:
                total.update(f"{thing!r}\n".encode())

    put(dt, plan.seed, plan.dtype)
    for p in plan.populations:
        put(p.program.key, p.size, p.channels, p.trains and p.trains.text)
        for name, value in (*sorted(p.coefs.items()), *sorted(p.constants.items())):
            put(name, np.asarray(value))
    for q in plan.projections:
        put(q.source, q.target, q.channel)
        put(q.indptr, q.targets, np.asarray(q.weights), np.asarray(q.delays))
    for s in plan.poisson:
        put(s.target, s.channel, np.asarray(s.rate_per_step), s.weight, s.entity)
        put(*(term.text for term in s.course))
    for d in plan.drives:
        put(d.target, d.input, d.term.text)
    return total.hexdigest()


def _checksum(arrays: dict[str, Array]) -> str:
    total = hashlib.sha256()
    for name in sorted(arrays):
        value = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {value.dtype} {value.shape}\n".encode())
        total.update(value.data)
    return total.hexdigest()
