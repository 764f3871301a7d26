"""What the functions of a plastic projection share: words, rule, and states in lanes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from spikeloom.engines.cpu.host import Host
from spikeloom.engines.cpu.network.plastic.formulas import Formulas
from spikeloom.engines.cpu.network.plastic.lanes import Lanes
from spikeloom.engines.cpu.network.plastic.variant import Learning
from spikeloom.engines.cpu.network.plastic.words import NUMBERS, STORED, WORDS
from spikeloom.engines.cpu.text import Writer

States = dict[str, str]
"""State of the rule -> its values in lanes."""


class Kernel(Lanes):
    """The inside of the functions of one module.

    Arguments:
        w: Where to write.
        host: For which processor.
        kind: How the synapses learn.
        rule: What they learn by.
    """

    def __init__(self, w: Writer, host: Host, kind: Learning, rule: Formulas) -> None:
        super().__init__(w, host, kind.dtype)
        self.kind = kind
        self.rule = rule
        self.program = rule.rule
        self.s: dict[str, str] = {}
        self.coefs: dict[str, str] = {}

    @contextmanager
    def function(self, name: str, parameters: str) -> Iterator[None]:
        """A function whose first parameter is ``%slots``; its words are in `s`."""
        w = self.w
        with w.function(name, f"ptr %slots, {parameters}" if parameters else "ptr %slots"):
            for k, word in enumerate(WORDS):
                kind = "i64" if word in NUMBERS else "ptr"
                at = w.let(f"getelementptr i64, ptr %slots, i64 {k}")
                self.s[word] = w.let(f"load {kind}, ptr {at}, align 8", f"{word}.")
            for k, name in enumerate(self.program.coefs):
                one = self.load(self.s["scalars"], k, self.v.scalar)
                self.coefs[f"coef:{name}"] = self.v.splat(one)
            yield

    def word(self, name: str) -> str:
        """A number as it is now, where another function may have changed it."""
        return self.load("%slots", WORDS.index(name))

    def set(self, name: str, value: str) -> None:
        """Change a number for whoever reads it next."""
        self.store(value, "%slots", WORDS.index(name))

    @property
    def replays(self) -> bool:
        """Whether events of the target are replayed: they change something, frozen or not."""
        return self.rule.replays and bool(self.moved("on_post.synapse"))

    @property
    def shows(self) -> bool:
        """Whether what synapses see of the traces of their targets is kept, alike for all."""
        return bool(self.program.post) and not self.kind.delays

    @property
    def synapse(self) -> tuple[str, ...]:
        """States of the synapse."""
        return self.program.synapse

    def home(self, name: str, offset: str) -> tuple[str, str]:
        """Where a state of the synapses is: an address, and the number of an element."""
        place = self.synapse.index(name)
        if place == 0:
            return self.s["weights"], offset
        start = self.i64("mul", self.s["synapses"], place - 1)
        return self.s["own"], self.i64("add", start, offset)

    def target(self, place: str) -> str:
        """Targets of synapses, in lanes."""
        if not self.kind.delays:
            return place
        one = self.w.let(f"shl i64 1, {self.s['bits']}")
        return self.int("and", place, self.all(self.narrow(self.i64("sub", one, 1))))

    def dendrite(self, place: str) -> str:
        """Steps behind synapses, in lanes."""
        if not self.kind.delays:
            return self.all(self.narrow(self.s["dendrite"]))
        return self.int("lshr", place, self.all(self.narrow(self.s["bits"])))

    def behind(self, place: str) -> str:
        """What must be added to what is stored for the step at which synapses see it, in lanes."""
        return self.int("sub", self.dendrite(place), self.const(STORED))

    def known_at(self, stored: str) -> str:
        """Steps of entries of a history, in lanes."""
        start = self.all(self.narrow(self.i64("add", self.s["birth"], 1)))
        return self.int("sub", self.imax(stored, start), self.const(STORED))

    def decay(self, level: str, values: Mapping[str, str], steps: str) -> States:
        """States of one level so many steps (whole numbers in lanes) later."""
        if f"decay.{level}" not in self.program.blocks or not values:
            return dict(values)
        return self.rule.decay(self.v, level, values, self.number(steps), self.coefs)

    def source(self, source: str) -> tuple[States, str]:
        """Traces of a source as they are kept, in every lane; and the step of that."""
        rows, found = self.s["rows"], {}
        for k, name in enumerate(self.program.pre):
            at = self.i64("add", self.i64("mul", rows, k), source)
            found[name] = self.v.splat(self.load(self.s["pre"], at, self.v.scalar))
        return found, self.all(self.load(self.s["when"], source, "i32"))

    def shared(self, now: str) -> States:
        """Shared traces at a step (in lanes)."""
        names = self.program.shared
        found = {
            name: self.v.splat(self.load(self.s["shared"], k, self.v.scalar))
            for k, name in enumerate(names)
        }
        if not found:
            return {}
        since = self.all(self.narrow(self.s["shared_at"]))
        return self.decay("shared", found, self.int("sub", now, since))

    def run(self, block: str, *given: Mapping[str, str]) -> dict[str, str]:
        """Write a block; gives the states that it changes, and ``out``."""
        every = dict(self.coefs)
        for some in given:
            every |= some
        found = self.rule.write(self.v, block, every)
        return {name.removeprefix("state:"): value for name, value in found.items()}

    def changed(self, block: str) -> tuple[str, ...]:
        """States of the synapse that a block changes; not the weight while it is frozen."""
        names = self.program.gives(block)
        return tuple(n for n in names if n != "w" or not self.kind.frozen)

    def moved(self, block: str) -> tuple[str, ...]:
        """States of the synapse that an event writes: those that it changes or that flow."""
        flowing = self.program.gives("decay.synapse")
        names = {*self.program.gives(block), *flowing}
        return tuple(n for n in self.synapse if n in names and (n != "w" or not self.kind.frozen))

    def flow_synapse(self, values: States, steps: str) -> States:
        """States of synapses some steps later; a frozen weight does not move."""
        found = self.decay("synapse", values, steps)
        return {**found, "w": values["w"]} if self.kind.frozen and "w" in values else found


def named(prefix: str, values: Mapping[str, str]) -> dict[str, str]:
    """States as leaves of a block.

    >>> named("state", {"x": "%v1"})
    {'state:x': '%v1'}
    """
    return {f"{prefix}:{name}": value for name, value in values.items()}


def joined(*names: Sequence[str]) -> tuple[str, ...]:
    """All names, each once."""
    return tuple(dict.fromkeys(n for some in names for n in some))
