"""A connection that is drawn anew at each spike, for some number of threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

import numpy as np

from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.host import this_host
from spikeloom.engines.cpu.library import entry, load
from spikeloom.engines.cpu.network.memory import Array, aligned
from spikeloom.engines.cpu.network.redraw import RECEIVER, SLOTS, Redraw, write_redraw
from spikeloom.engines.cpu.wiring import builder, pick, skip, values
from spikeloom.engines.cpu.wiring.lanes import BATCH
from spikeloom.engines.drawn_plan import Drawn, DrawnProjection, PickRows, SkipRows
from spikeloom.engines.network_plan import AnyProjection
from spikeloom.engines.wiring.reference import skip_factor


def grouped(projections: Sequence[AnyProjection]) -> Iterator[list[AnyProjection]]:
    """Projections one by one, but those together whose rows need to be drawn only once.

    These are of one connection and source; they follow each other and end on different neurons.
    """

    def key(place: int) -> tuple[int, ...]:
        p = projections[place]
        return (id(p.recipe), p.source, p.first_row) if isinstance(p, DrawnProjection) else (place,)

    for _, places in groupby(range(len(projections)), key):
        yield [projections[k] for k in places]


class Redrawn:
    """Some projections of one connection and source.

    Arguments:
        parts: The projections.
        targets: Where each leads: the `Neurons` with the rings.
        slots: Slots of the rings.
    """

    def __init__(
        self, parts: Sequence[DrawnProjection], targets: Sequence[Any], slots: int
    ) -> None:
        self._parts, self._targets, self._slots = parts, targets, slots
        self._recipe = parts[0].recipe
        self.source = parts[0].source
        kind = self._recipe.kind
        name = "skip" if isinstance(kind, SkipRows) else "pick"
        known = isinstance(kind, SkipRows | PickRows)
        weight, delay = self._recipe.weight, self._recipe.delay
        self._graph = builder.kernel(name) if known else None
        self._weigh, self._wait = (
            builder.value_kernel(of.draw, dtype) if isinstance(of, Drawn) else None
            for of, dtype in ((weight, self._recipe.dtype), (delay, "uint16"))
        )
        variant = Redraw(
            self._recipe.dtype,
            "skip" if name == "skip" else "pick" if known else "same",
            self._weigh is not None,
            self._wait is not None,
        )
        self.kernel = _kernel(variant)
        """What delivers."""
        self._kept: list[Any] = []
        self._calls: dict[int, list[Array]] = {}

    def calls(self, thread: int) -> list[Array]:
        """The words of what a thread delivers."""
        if thread not in self._calls:
            self._calls[thread] = self._made(thread)
        return self._calls[thread]

    def _made(self, thread: int) -> list[Array]:
        receivers = [
            words
            for part, target in zip(self._parts, self._targets, strict=True)
            if (words := _receiver(part, target, thread)) is not None
        ]
        if not receivers:
            return []
        recipe, part = self._recipe, self._parts[0]
        stop = max(words[RECEIVER.index("high")] for words in receivers)
        graph_words, scratch, listed, many, longest = self._rows(stop)
        weigh, wait = recipe.weight, recipe.delay
        weights, weigh_words = self._values(weigh, longest, recipe.dtype)
        delays, wait_words = self._values(wait, longest, "uint16")
        given = {
            "first_source": part.sources[0],
            "first_row": part.first_row,
            "rows": part.sources[1] - part.sources[0],
            "slots": self._slots,
            "delay": 0 if isinstance(wait, Drawn) else wait,
            "ends": len(receivers),
            "graph": entry(self._graph),
            "graph_words": graph_words,
            "graph_scratch": scratch,
            "list": listed,
            "many": many,
            "starts": recipe.starts if recipe.drawn else 0,
            "weigh": entry(self._weigh),
            "weigh_words": weigh_words,
            "weights": weights,
            "wait": entry(self._wait),
            "wait_words": wait_words,
            "delays": delays,
            "receivers": np.array(receivers, np.int64),
        }
        return [self._table(SLOTS, given)]

    def _rows(self, stop: int) -> tuple[Array, Array, Array, Array, int]:
        """Words, scratch memory, room for a row, where its length is told, and the longest row."""
        recipe, kind = self._recipe, self._recipe.kind
        shift = builder.NOWHERE if recipe.shift is None else recipe.shift
        if isinstance(kind, PickRows):
            given, size = builder.pick_words(
                recipe.key, recipe.targets, kind.count, kind.multapses, shift, ordered=True
            )
            listed = aligned((kind.count + BATCH,), np.uint32)
            many = np.array([kind.count], np.int64)
            words = self._table(pick.SLOTS, {**given, "first": 0, "out": listed})
            return words, aligned((size + 64,), np.uint8), listed, many, kind.count
        longest = stop if isinstance(kind, SkipRows) else 1
        listed, many = aligned((longest + skip.ROOM,), np.uint32), np.zeros(1, np.int64)
        none = np.zeros(1, np.uint8)
        if not isinstance(kind, SkipRows):
            return none, none, listed, many, longest
        given = {
            **builder.key_words(recipe.key),
            "factor": builder.float_word(skip_factor(kind.probability)),
            "targets": stop,
            "first": 0,
            "shift": shift,
            "bounds": np.array([0, 1], np.int64),
            "starts": np.zeros(1, np.int64),
            "limits": np.array([longest + 1], np.int64),
            "used": np.zeros(1, np.int64),
            "counts": many,
            "out": listed,
        }
        return self._table(skip.SLOTS, given), none, listed, many, longest

    def _values(self, of: Any, longest: int, dtype: str) -> tuple[Array, Any]:
        """Room for the numbers of a row, or the one number; and the words of what draws them."""
        if not isinstance(of, Drawn):
            return np.array([of], dtype), 0
        room = aligned((longest + 2 * BATCH,), dtype)
        return room, self._table(values.SLOTS, _value_words(of, room))

    def _table(self, slots: Sequence[str], given: dict[str, Any]) -> Array:
        """Words by name; what they point to is kept."""
        self._kept += [x for x in given.values() if isinstance(x, np.ndarray)]
        table = builder.word_table(slots, given)
        self._kept.append(table)
        return table


def _value_words(of: Drawn, out: Array) -> dict[str, Any]:
    return {**builder.key_words(of.key), "numbers": builder.draw_numbers(of.draw), "out": out}


def _receiver(part: DrawnProjection, target: Any, thread: int) -> list[int] | None:
    """The words of a receiver, or None where a thread owns none of its neurons."""
    low = max(part.neurons[0], target.cuts[thread])
    high = min(part.neurons[1], target.cuts[thread + 1])
    if low >= high:
        return None
    ring = target.rings[target.plan.channels.index(part.channel)]
    back = part.first_column - part.neurons[0]  # from a neuron to its column
    address = ring.ctypes.data - back * ring.itemsize
    return [low + back, high + back, address, target.padded]


@lru_cache(maxsize=32)
def _kernel(variant: Redraw) -> Native:
    return load("deliver", "", variant.text, lambda: write_redraw(variant), this_host())
