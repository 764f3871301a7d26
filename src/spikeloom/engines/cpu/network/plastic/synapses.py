"""A projection whose synapses learn, in native code."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from spikeloom.engines.cpu.build import Native
from spikeloom.engines.cpu.network.memory import Array
from spikeloom.engines.cpu.network.plastic.formulas import Formulas
from spikeloom.engines.cpu.network.plastic.module import Code, code
from spikeloom.engines.cpu.network.plastic.rows import row_bounds
from spikeloom.engines.cpu.network.plastic.storage import Scratch, Storage
from spikeloom.engines.cpu.network.plastic.variant import Learning
from spikeloom.engines.cpu.network.plastic.words import WORDS
from spikeloom.engines.network_plan import AnyProjection, NetworkPlan
from spikeloom.errors import EngineError

LAST_STEP = (1 << 31) - (1 << 20)
"""Steps are counted in 32 bits here."""


class PlasticSynapses:
    """The rows of a projection, its traces, and the history of its targets.

    A row is brought up to date when its source spikes: events of the targets since then are
    replayed, the spike changes the weights, and they are sent. Looking at weights brings rows up to
    date as well, which changes no bit: what decays does so from one event to the next.

    Arguments:
        plan: The network.
        p: The projection.
        target: Where it leads: the `Neurons` with the rings.
        ahead: Most steps that neurons are stepped before their spikes are delivered.
        like: The same projection in another engine; what never changes is held in memory once.
    """

    def __init__(
        self,
        plan: NetworkPlan,
        p: AnyProjection,
        target: Any,
        ahead: int,
        like: PlasticSynapses | None = None,
    ) -> None:
        self.place = next(k for k, x in enumerate(plan.projections) if x is p)
        p, learning = p.whole, p.learning
        if learning is None:
            raise EngineError(f"network: the synapses of projection {self.place} do not learn.")
        ring: Array = target.rings[target.plan.channels.index(p.channel)]
        cuts: Sequence[int] = target.cuts
        target, rule = plan.populations[p.target], learning.program
        self.plan, self.learning, self.rule = p, learning, rule
        self.source, self.target = p.source, p.target
        self.formulas = Formulas(rule)
        self.threads = len(cuts) - 1
        self._ring, self._cuts, self.slots = ring, cuts, plan.slots
        self.frozen, self.size = False, target.size
        self.senders = plan.populations[p.source].senders
        self.storage = Storage(p, learning, self.senders, ring.shape[1], plan.dtype)
        self.spread = np.ndim(p.delays) > 0 and p.longest != p.shortest
        self.bits = max(1, int(target.size - 1).bit_length()) if self.spread else 32
        if like is not None and like.plan is p and like._cuts == cuts:
            self.places, self.bounds = like.places, like.bounds
        else:
            self.places = self._make_places()
            self.bounds = row_bounds(p.indptr, p.targets, cuts)
        self.lags = np.array([learning.lags.get(n, 0) for n in rule.reads], np.int64)
        self.remembered = self.storage.longest + int(self.lags.max(initial=0)) + 1
        """Steps whose states of the targets may be asked for."""
        self.rows_planes = self.remembered + ahead + 1
        self.planes = np.zeros((len(rule.reads), self.rows_planes, ring.shape[1]), plan.dtype)
        for rows, name in zip(self.planes, rule.reads, strict=True):
            rows[:, : target.size] = target.start[target.program.states.index(self.read(name))]
        self.scalars = np.array([learning.coefs[n] for n in rule.coefs], plan.dtype)
        self.scratch = [Scratch(self.storage, learning.axonal) for _ in range(self.threads)]
        self._words = [self._make_words(t, target.first) for t in range(self.threads)]

    def _make_places(self) -> Array:
        """Where each synapse leads, and where delays differ, over how long a dendrite."""
        p = self.plan
        targets = np.ascontiguousarray(p.targets, np.uint32)
        if not self.spread:
            return targets
        if (self.storage.longest << self.bits) >> 32:
            raise EngineError(
                f"network: {self.size:,} targets and dendrites of {self.storage.longest:,} steps"
                " do not fit the 4 bytes that a synapse that learns has for them.",
                hint="a longer dt, shorter delays or smaller populations",
            )
        behind = p.delays.astype(np.uint32) - np.uint32(self.learning.axonal)
        return (behind << np.uint32(self.bits)) | targets

    def read(self, name: str) -> str:
        """State of the target that the rule reads by a name."""
        return self.learning.reads.get(name, name)

    def needs(self, population: int) -> list[str]:
        """States of a population that the rule reads, in the order of `planes`."""
        return [self.read(n) for n in self.rule.reads] if population == self.target else []

    def check_steps(self, last: int) -> None:
        """Raise unless steps up to the last can be counted."""
        if last > LAST_STEP:
            raise EngineError(
                f"network: synapses that learn count at most {LAST_STEP:,} steps, and this is"
                f" {last:,}.",
                hint="a longer dt, or engine='reference'",
            )

    @property
    def code(self) -> Code:
        """What runs it: another code while it is frozen."""
        return code(self.rule, Learning(self.storage.dtype, self.spread, self.frozen))

    @property
    def kernel(self) -> Native:
        """What spikes of the source are given to."""
        return self.code.functions["hold" if self.learning.axonal else "visit"]

    def calls(self, thread: int) -> list[Array]:
        """The words of a thread; kernels change some of them."""
        return [self._words[thread]]

    def steps(self) -> dict[str, int]:
        """What else happens in a step: words of `drive` for this projection."""
        found = self.code
        closes = self.learning.axonal or self.learning.every
        return {
            "learns": 1,
            "target": self.target,
            "open": found.address("open"),
            "note": found.address("note"),
            "close": found.address("close") if closes else 0,
        }

    def _make_words(self, t: int, first: int) -> Array:
        store, scratch = self.storage, self.scratch[t]
        numbers = {
            "step": 0,
            "padded": self._ring.shape[1],
            "slots": self.slots,
            "dendrite": 0 if self.spread else store.longest,
            "bits": self.bits,
            "longest": store.longest,
            "synapses": self.places.size,
            "rows": self.senders,
            "chunk": scratch.chunk,
            "birth": 0,
            "first": first,
            "low": self._cuts[t],
            "high": self._cuts[t + 1],
            "width": store.width,
            "depth": store.depth,
            "base_depth": len(store.base_steps),
            "least": -1,
            "ticked": -1,
            "shared_at": -1,
            "until": -1,
            "stale": -1,
            "every": max(self.learning.every, 1),
            "plane_rows": self.rows_planes,
            "late_words": scratch.late_words,
            "axonal": self.learning.axonal,
            "fresh_words": store.fresh.shape[1],
        }
        arrays = {
            **{"starts": self.bounds[t], "ends": self.bounds[t + 1], "places": self.places},
            **{"weights": store.weights, "own": store.own, "ring": self._ring},
            **{"scalars": self.scalars, "reward": scratch.reward, "seen": scratch.seen},
            **{"row": scratch.row, "when": scratch.when, "pre": scratch.pre},
            **{"shared": scratch.shared, "steps": store.steps, "values": store.values},
            **{"counts": store.counts, "base_steps": store.base_steps},
            **{"base_values": store.base_values, "base_counts": store.base_counts},
            **{"fresh": store.fresh, "known_steps": store.known_steps},
            **{"known_values": store.known_values},
            **{"planes": self.planes, "lags": self.lags, "late": scratch.late, **scratch.memory},
        }
        words = numbers | {name: array.ctypes.data for name, array in arrays.items()}
        return np.array([words[name] for name in WORDS], np.int64)

    def set(self, name: str, value: int) -> None:
        """Set a number of all threads."""
        for words in self._words:
            words[WORDS.index(name)] = value

    def get(self, name: str) -> int:
        """A number that all threads have alike."""
        return int(self._words[0][WORDS.index(name)])

    def sync(self, step: int) -> None:
        """Bring all rows up to date to the end of a step, all earlier ones being done."""
        self.set("until", step)
        self.set("stale", step)
        run = self.code.functions["sweep"]
        self._each(lambda words: run(words.ctypes.data, 0, 0, 0))

    def sync_some(self, step: int, sources: Array) -> None:
        """Bring the rows of some sources up to date."""
        ids = np.ascontiguousarray(sources, np.int64)
        self.set("until", step)
        run = self.code.functions["some"]
        self._each(lambda words: run(words.ctypes.data, 0, ids.size, ids.ctypes.data))

    def reward(self, value: float, step: int) -> None:
        """Give a reward after a step."""
        for scratch in self.scratch:
            scratch.reward[:] = value
        self.set("step", step)
        run = self.code.functions["on_reward"]
        self._each(lambda words: run(words.ctypes.data, 0, 0, 0))

    def _each(self, call: Callable[[Array], None]) -> None:
        others = [threading.Thread(target=call, args=(words,)) for words in self._words[1:]]
        for other in others:
            other.start()
        call(self._words[0])
        for other in others:
            other.join()
