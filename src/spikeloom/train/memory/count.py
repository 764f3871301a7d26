"""Bytes that a training step takes at its worst moment, followed layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spikeloom.nn.neurons.spiking import SEGMENT
from spikeloom.nn.saving.saves import Saves
from spikeloom.train.memory.facts import Facts

RECOMPUTABLE = ("weights", "average", "largest", "norm")


@dataclass(frozen=True)
class Row:
    """What one layer keeps until its backward pass.

    Arguments:
        name, what: The layer.
        output: Bytes of its output while it is needed.
        kept: Bytes that wait.
        form: In which form, in words.
        at_work: Bytes alive while its backward pass runs, without what waits.
    """

    name: str
    what: str
    output: int
    kept: int
    form: str
    at_work: int


@dataclass(frozen=True)
class Count:
    """Rows of all layers, and the largest sums.

    Arguments:
        rows: One for each layer.
        forward: Most bytes during the forward pass.
        backward: Most bytes during the backward pass.
    """

    rows: tuple[Row, ...]
    forward: int
    backward: int

    @property
    def peak(self) -> int:
        """Most bytes of activations at any time."""
        return max(self.forward, self.backward)


def count_bytes(
    facts: Sequence[Facts], batch: int, steps: int, saves: Saves, held: bool, size: int
) -> Count:
    """Follow a training step through the layers.

    Arguments:
        facts: The layers.
        batch, steps: Samples and steps.
        saves: What is kept, and how.
        held: Whether the input is one step, held for all.
        size: Bytes of a number.
    """
    if saves.segment is not None and saves.segment < steps:
        return _in_segments(facts, batch, steps, saves, held, size)
    rows: list[Row] = []
    kept, forward = 0, 0
    binary = again = False  # the input: two numbers only; can be made again from what waits
    waits = True  # the input is there anyway, or already waits
    still = held  # the same at all steps so far
    for f in facts:
        still_before, still = still, still and f.once
        before = f.before * batch * (1 if still_before else steps) * size
        after = f.after * batch * (1 if still else steps) * size
        held_bytes, form, source = _kept(
            f, before, after, binary, again, waits, saves, still_before
        )
        if f.kind == "neurons":
            held_bytes += f.states * batch * -(-steps // SEGMENT) * size
        # Neurons sum the gradient for an input that does not change; others have it for each step.
        once = still or (still_before and f.kind == "neurons")
        gradient = f.before * batch * (1 if once else steps) * size
        used = 0 if f.kind == "view" else after + gradient + f.weights * size
        if form in ("bits", "computed again") and f.kind in ("weights", "neurons"):
            used += before
        rows.append(Row(f.name, f.what, after, held_bytes, form, used))
        in_memory = 0 if waits or f.kind == "view" else before
        kept += held_bytes
        loose = before if form == "itself" else 0
        forward = max(
            forward, kept - loose + max(in_memory, loose) + (0 if f.kind == "view" else after)
        )
        if f.kind == "view":
            continue
        waits = False
        binary = f.spikes
        again = source and f.kind in RECOMPUTABLE
    backward, waiting = 0, kept
    for row in reversed(rows):
        backward = max(backward, waiting + row.at_work)
        waiting -= row.kept
    return Count(tuple(rows), forward, backward)


def _kept(
    f: Facts,
    before: int,
    after: int,
    binary: bool,
    again: bool,
    waits: bool,
    saves: Saves,
    still: bool,
) -> tuple[int, str, bool]:
    """Bytes, form, and whether the output can be made again from what waits."""
    bits = before // 32
    named = f.name in saves.recompute
    if f.kind == "view":
        return 0, "", again
    if f.kind == "average":
        if binary and saves.bits and not again and not still:
            return bits, "bits", True
        return (0, "", again and named) if f.quick or saves.bits else (before, "itself", False)
    if f.kind == "largest":
        places = after // 4 if f.quick else after // 2 if saves.bits else 2 * after
        rest = 0 if f.quick or saves.bits else before
        return places + rest, "places", again and named
    if f.kind == "mask":
        return (after // 32 if saves.bits else after), "bits" if saves.bits else "itself", False
    if again and saves.bits and not still:
        return 0, "computed again", named
    if binary and saves.bits and not still:
        return bits, "bits", named and f.kind == "weights"
    if f.kind in ("weights", "neurons", "norm"):
        return (0, "there anyway", named) if waits else (before, "itself", named)
    return before + after, "itself and output", False


def _in_segments(
    facts: Sequence[Facts], batch: int, steps: int, saves: Saves, held: bool, size: int
) -> Count:
    """States wait between segments; one segment at a time is as without."""
    segment = saves.segment or steps
    inside = Saves(saves.bits, saves.recompute)
    one = count_bytes(facts, batch, segment, inside, held, size)
    cuts = -(-steps // segment)
    states = sum(f.states for f in facts) * batch * size * cuts
    # Weights get a gradient from each segment, and these are added up.
    states += sum(f.weights for f in facts) * size
    outputs = 2 * facts[-1].after * batch * steps * size if facts else 0
    return Count(one.rows, one.forward + states + outputs, one.peak + states + outputs)
