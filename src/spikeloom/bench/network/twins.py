"""The strongest proof: a small network, wired alike on all sides, fires the very same spikes."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spikeloom.bench.network.pace import Pace
from spikeloom.bench.network.sides import Side
from spikeloom.bench.network.spec import Spec
from spikeloom.errors import BenchmarkError

LENGTH = 50.0
"""Milliseconds; later, rounding may have moved a spike by a step, and then chaos takes over."""

Spikes = set[tuple[int, int]]


def twins(spec: Spec, sides: Sequence[Side], threads: int, pace: Pace) -> int:
    """How many spikes the sides have in common, once these are all that they have.

    Arguments:
        spec: A small network; it is run as `Spec.as_twin`, in double precision.
        sides: Our side, and those whose steps are the same as ours.
        threads: Of every side.
        pace: Hears how far it is.

    Raises:
        BenchmarkError: A spike of one side is missing on another, or nothing fires at all.
    """
    spec = spec.as_twin(LENGTH)
    found: dict[str, Spikes] = {}
    with tempfile.TemporaryDirectory() as place:
        for side in sides:
            pace.tell(f"proving {side.name} spike for spike")
            path = Path(place) / "spikes.npz"
            with side.start(spec, side.variants[0], threads) as worker:
                worker.ask("prepare")
                worker.ask("prove", ms=spec.stretch, to=str(path))
            found[side.name] = read(path, spec)
    first, *others = found
    for other in others:
        if different := found[first] ^ found[other]:
            step, neuron = min(different)
            who = first if (step, neuron) in found[first] else other
            raise BenchmarkError(
                f"benchmark case {spec.name!r}: {len(different)} of {len(found[first])} spikes of "
                f"{first} and {other} differ; the first is of neuron {neuron} at "
                f"{step * spec.dt:g} ms, on the side of {who} alone.",
                hint="no time is reported; make the sides do the same work first",
            )
    if not found[first]:
        raise BenchmarkError(f"benchmark case {spec.name!r}: nothing fires, so nothing is proven.")
    return len(found[first])


def read(path: Path, spec: Spec) -> Spikes:
    """Step and neuron of each spike; neurons count through the populations."""
    spikes: Spikes = set()
    before = 0
    with np.load(path) as data:
        for name, size in spec.sizes.items():
            steps = np.rint(data[f"times:{name}"] / spec.dt).astype(int)
            spikes |= set(zip(steps.tolist(), (data[f"ids:{name}"] + before).tolist(), strict=True))
            before += size
    return spikes
